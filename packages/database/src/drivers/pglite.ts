import { AsyncResource } from 'node:async_hooks'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PGlite, protocol } from '@electric-sql/pglite'
import { refuseInsideTransaction } from '@gatehouse/contracts'
import { asSeenByCallers, DatabaseUnavailable } from '../errors.ts'
import { holdFolder } from '../folder-lock.ts'
import type { Row } from '../port.ts'
import { begin, type Connector, type Outcome, type Session } from '../session.ts'
import { quoteIdentifier } from '../sql.ts'
import { type Encoded, parserOf } from '../values.ts'

const { serialize } = protocol

/**
 * PostgreSQL inside this process. One connection: what is asked for together runs one after the other.
 * @throws FolderHeld
 */
export async function openPglite(folder: string | undefined): Promise<Connector> {
  if (folder === undefined) return connectorOver(await start('memory://'), async () => {})
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const release = await holdFolder(folder)
  try {
    return connectorOver(await startIn(resolve(folder)), release)
  } catch (error) {
    await release()
    throw error
  }
}

async function start(dataDir: string): Promise<PGlite> {
  const db = await PGlite.create({ dataDir })
  await db.exec("set timezone = 'UTC'")
  return db
}

/** A first start that is cut off leaves `pgdata.new` behind, never half a database under its own name. */
async function startIn(folder: string): Promise<PGlite> {
  const [path, draft] = [join(folder, 'pgdata'), join(folder, 'pgdata.new')]
  if (!existsSync(path)) {
    await rm(draft, { recursive: true, force: true })
    await (await start(draft)).close()
    await rename(draft, path)
  }
  return start(path)
}

function connectorOver(db: PGlite, release: () => Promise<void>): Connector {
  const session = sessionOver(db)
  const listeners = new Map<string, Set<(payload: string) => void>>()
  db.onNotification((channel, payload) => {
    for (const heard of listeners.get(channel) ?? []) heard(payload)
  })

  let last: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) return Promise.reject(new DatabaseUnavailable(new Error('the database is closed')))
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
  const shut = async () => {
    await last
    await db.close()
    await release()
  }

  return {
    driver: 'pglite',
    login: undefined,
    transaction: (guise, body) =>
      queued(async () => {
        try {
          await begin(session, 'begin', guise)
          return await body(session)
        } catch (error) {
          await session.script('rollback')
          throw error
        } finally {
          await db.syncToFs()
        }
      }),
    read: (guise, text, values) =>
      queued(async () => {
        try {
          await begin(session, 'begin read only', guise)
          return await session.query(text, values)
        } finally {
          await session.script('rollback')
        }
      }),
    write: (guise, make) =>
      queued(async () => {
        try {
          await begin(session, 'begin', guise)
          const { text, values } = make()
          const outcome = await session.query(text, values)
          await session.script('commit')
          return outcome
        } catch (error) {
          await session.script('rollback')
          throw error
        } finally {
          await db.syncToFs()
        }
      }),
    owner: (body) => {
      refuseInsideTransaction('using the database as its owner')
      return queued(() => body(session))
    },
    async listen(channel, heard) {
      refuseInsideTransaction('listening')
      // The database reports in the context of whoever committed; the listener gets its own.
      const bound = AsyncResource.bind(heard)
      const known = listeners.get(channel) ?? new Set()
      listeners.set(channel, known.add(bound))
      if (known.size === 1) await queued(() => session.script(`listen ${quoteIdentifier(channel)}`))
      return async () => {
        known.delete(bound)
        if (known.size > 0 || closing !== undefined) return
        await queued(() => session.script(`unlisten ${quoteIdentifier(channel)}`))
      }
    },
    close() {
      closing ??= shut()
      return closing
    },
  }
}

function sessionOver(db: PGlite): Session {
  const send = async (message: Uint8Array) => {
    try {
      return (await db.execProtocol(message, { syncToFs: false })).messages
    } catch (error) {
      throw asSeenByCallers(error)
    }
  }
  // One parser reads all answers: statements that are sent together would read one another's.
  let last: Promise<unknown> = Promise.resolve()
  const exchange = (message: Uint8Array) => {
    const mine = last.then(() => send(message))
    last = mine.catch(() => {})
    return mine
  }
  return {
    async query(text, values) {
      const message = Buffer.concat([
        serialize.parse({ text }),
        serialize.bind({ values: values.map(forBind) }),
        serialize.describe({ type: 'P' }),
        serialize.execute({}),
        serialize.sync(),
      ])
      return outcomeOf(await exchange(message))
    },
    async script(text) {
      const tags = (await exchange(serialize.query(text))).flatMap((message) => tagOf(message) ?? [])
      return tags.at(-1)?.split(' ')[0] ?? ''
    },
  }
}

const forBind = (value: Encoded): string | ArrayBufferView | null => value

type Message = Awaited<ReturnType<PGlite['execProtocol']>>['messages'][number]

const tagOf = (message: Message): string | undefined =>
  message.name === 'commandComplete' ? (message as Message & { text: string }).text : undefined

interface Columns {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
}

function outcomeOf(messages: readonly Message[]): Outcome {
  const rows: Row[] = []
  let columns: { name: string; parse: (text: string) => unknown }[] = []
  let count = 0
  for (const message of messages) {
    if (message.name === 'rowDescription') {
      const { fields } = message as Message & Columns
      columns = fields.map((field) => ({ name: field.name, parse: parserOf(field.dataTypeID) }))
    } else if (message.name === 'dataRow') {
      const { fields } = message as Message & { fields: readonly (string | null)[] }
      const cells = columns.map(({ name, parse }, n) => {
        const cell = fields[n] ?? null
        return [name, cell === null ? null : parse(cell)] as const
      })
      rows.push(Object.fromEntries(cells))
    } else count = Number(tagOf(message)?.match(/\d+$/)?.[0] ?? count)
  }
  return { rows, count }
}
