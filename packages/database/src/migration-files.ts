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

/** The files of a folder, numbered from 0001 without a gap. @throws TypeError for a gap, a double or a strange name */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const base = new URL(folder.href.endsWith('/') ? folder.href : `${folder.href}/`)
  const names = (await readdir(base)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, n) => {
      const number = Number(NAME.exec(name)?.[1])
      if (number !== n + 1)
        throw new TypeError(`${name} in ${base.pathname} should be number ${n + 1}: 0001-<what>.sql, …`)
      const text = (await readFile(new URL(name, base), 'utf8')).replaceAll('\r\n', '\n')
      return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}
