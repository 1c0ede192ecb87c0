import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

/** The database was migrated by newer code than this. Run the newer code, or restore the backup taken before it. */
export class SchemaTooNew extends Error {
  constructor(schema: string, found: number, known: number) {
    super(
      `schema ${schema} is at migration ${found}, this version of Gatehouse knows ${known} at most: run the newer version`,
    )
    this.name = 'SchemaTooNew'
  }
}

/** The database was not migrated to what this code needs. Run the migration step of this version first. */
export class SchemaTooOld extends Error {
  constructor(schema: string, found: number, needed: number) {
    super(
      `schema ${schema} is at migration ${found}, this version of Gatehouse needs ${needed}: run its migration step first`,
    )
    this.name = 'SchemaTooOld'
  }
}

/** A migration that cannot or must not be applied. The file's own error is its `cause`. */
export class MigrationRefused extends Error {
  constructor(schema: string, file: string, why: string, cause?: unknown) {
    super(`migration ${file} of schema ${schema} ${why}`, cause === undefined ? {} : { cause })
    this.name = 'MigrationRefused'
  }
}

export interface Migration {
  readonly number: number
  readonly name: string
  readonly text: string
  /** Hex SHA-256 of the text with LF line ends. */
  readonly checksum: string
}

const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/

/**
 * The files of a folder by their numbers. A number may be left out (branches take theirs ahead of time), and is then free for ever or until
 * a file comes. @throws TypeError for a number that is there twice, or a strange name
 */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const base = new URL(folder.href.endsWith('/') ? folder.href : `${folder.href}/`)
  const names = (await readdir(base)).filter((name) => name.endsWith('.sql')).sort()
  const taken = new Set<number>()
  return Promise.all(
    names.map(async (name) => {
      const number = Number(NAME.exec(name)?.[1] ?? 0)
      if (number === 0 || taken.has(number))
        throw new TypeError(`${name} in ${base.pathname} needs a number of its own: 0001-<what>.sql, …`)
      taken.add(number)
      const text = (await readFile(new URL(name, base), 'utf8')).replaceAll('\r\n', '\n')
      return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}
