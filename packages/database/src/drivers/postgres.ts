import { Socket } from 'node:net'
import type { Logger } from '@gatehouse/telemetry'
import pg from 'pg'
import { asSeenByCallers, DatabaseUnavailable, isTooSlow } from '../errors.ts'
import { begin, type Connector, type Guise, type Session } from '../session.ts'
import { parserOf } from '../values.ts'
import { createListener } from './postgres-listener.ts'

const CONNECT_MS = 2000
/** A statement that takes longer is a bug; a client that stalls inside a transaction must not hold its locks for ever. */
const STATEMENT_MS = 30_000
const IDLE_IN_TRANSACTION_MS = 60_000
/** Single statements find their rows by a key: one that takes so long is as good as none. */
const SINGLE_MS = 4_000
/**
 * A server that vanished without a word, as on a failover, would be waited for until the kernel gives up, a quarter of an hour later. Each
 * answer is awaited a little longer than the server may take for it; the beginning of a transaction waits for nobody's lock.
 */
const ANSWER_MS = STATEMENT_MS + 5_000
const SOON_MS = SINGLE_MS + 1_000
const SILENCE_MS = 10_000

export interface PostgresOptions {
  readonly url: string
  readonly ownerUrl: string
  /**
   * Most connections at a time for transactions; single reads across tenants have half as many of their own, single writes as many, where there
   * are such, and one listens.
   */
  readonly poolSize: number
  readonly log: Logger
}

/** PostgreSQL 15 or newer through a pool. Nothing is connected until it is used. */
export function openPostgres({ url, ownerUrl, poolSize, log }: PostgresOptions): Connector {
  const poolOf = (config: pg.PoolConfig): pg.Pool => {
    const pool = new pg.Pool({
      ...settings(url),
      // What does not wait for the answer before it is sent along with it: the beginning of a transaction.
      pipeline: true,
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      query_timeout: ANSWER_MS,
      ...config,
    })
    // A connection that breaks while nobody waits for it has nobody to tell; the pool has dropped it already.
    pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'))
    pool.on('connect', (client) => {
      client.on('error', (error) => log.debug({ err: error }, 'a database connection broke'))
    })
    return pool
  }
  const pool = poolOf({ max: poolSize })
  const singles = new Map<string, pg.Pool>()
  /**
   * Connections that are this role and across tenants from their first moment to their last, those that read unable to write: a statement is then
   * one message, where a transaction takes four. Told as they connect and not by SET, so that no pooler between here and the server hands it on
   * to others.
   */
  const singlesAs = (role: string, what: 'read' | 'write'): pg.Pool => {
    const name = `${what} ${role}`
    let own = singles.get(name)
    if (own === undefined) {
      const guise = `-c role=${role} -c gatehouse.platform=${what} -c default_transaction_read_only=${what === 'read'}`
      const max = what === 'read' ? Math.ceil(poolSize / 2) : poolSize
      const options = `${TEXT_FORMS} ${PLANNED_ONCE} ${guise}`
      own = poolOf({ max, options, statement_timeout: SINGLE_MS, query_timeout: SOON_MS })
      singles.set(name, own)
    }
    return own
  }
  const listener = createListener(() => {
    const socket = new Socket()
    return { client: new pg.Client({ ...settings(url), stream: () => socket }), cut: () => void socket.destroy() }
  }, log)

  return {
    driver: 'postgres',
    login: url === ownerUrl ? undefined : decodeURIComponent(new URL(url).username) || undefined,
    async transaction(guise, body) {
      const client = await begun(pool, guise, poolSize)
      const session = sessionOver(client)
      let broken = false
      try {
        return await body(session)
      } catch (error) {
        broken = error instanceof DatabaseUnavailable || !(await rolledBack(session))
        throw error
      } finally {
        client.release(broken)
      }
    },
    async read([role], text, values) {
      const readers = singlesAs(role, 'read')
      for (let left = readers.options.max; ; left -= 1) {
        try {
          return await sessionOver(readers).query(text, values)
        } catch (error) {
          if (isTooSlow(error)) throw new DatabaseUnavailable(error)
          // What only reads can be asked again of another connection.
          if (!(error instanceof DatabaseUnavailable) || left === 0) throw error
          await dropIdle(readers)
        }
      }
    },
    // Not asked again of another connection: whoever did not hear that it was done cannot know that it was not.
    async write([role], make) {
      const writers = singlesAs(role, 'write')
      const client = await writers.connect().catch(rethrow)
      let broken = false
      try {
        const { text, values } = make()
        return await sessionOver(client).query(text, values)
      } catch (error) {
        if (isTooSlow(error)) throw new DatabaseUnavailable(error)
        broken = error instanceof DatabaseUnavailable
        if (broken) await dropIdle(writers)
        throw broken ? new DatabaseUnavailable((error as Error).cause, true) : error
      } finally {
        client.release(broken)
      }
    },
    owner: async (body) => {
      const client = new pg.Client(settings(ownerUrl))
      client.on('error', (error) => log.warn({ err: error }, "the owner's database connection broke"))
      await client.connect().catch(rethrow)
      try {
        return await body(sessionOver(client))
      } finally {
        await client.end()
      }
    },
    listen: (channel, heard) => listener.listen(channel, heard),
    async close() {
      await listener.close()
      await Promise.all([pool, ...singles.values()].map((each) => each.end()))
    },
  }
}

/** How values look as text must not hang on the server's configuration. */
const TEXT_FORMS = '-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex'

/**
 * Single statements find their rows by a key. Planned anew each time, that alone would take half of the server's time; planned once, it must not be by
 * reading a table through, which is best on the day when it holds ten rows.
 */
const PLANNED_ONCE = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off'

const settings = (url: string): pg.ClientConfig => ({
  connectionString: url,
  connectionTimeoutMillis: CONNECT_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: SILENCE_MS,
  application_name: 'gatehouse',
  options: TEXT_FORMS,
  types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
})

/**
 * A connection with the transaction begun. Connections that died in the pool unnoticed are passed over: nothing has
 * happened on them yet, so trying the next one is safe.
 */
async function begun(pool: pg.Pool, guise: Guise, poolSize: number): Promise<pg.PoolClient> {
  for (let left = poolSize; ; left -= 1) {
    const client = await pool.connect().catch(rethrow)
    try {
      await begin(sessionOver(client, SOON_MS), 'begin', guise)
      return client
    } catch (error) {
      client.release(true)
      if (!(error instanceof DatabaseUnavailable) || left === 0) throw error
      await dropIdle(pool)
    }
  }
}

/** Where one connection was dead or silent, those that wait beside it are most likely too: nobody has to find that out one by one. */
async function dropIdle(pool: pg.Pool): Promise<void> {
  for (let most = pool.idleCount; most > 0 && pool.idleCount > 0; most -= 1) {
    const client = await pool.connect().catch(() => undefined)
    client?.release(true)
  }
}

async function rolledBack(session: Session): Promise<boolean> {
  try {
    return (await session.script('rollback')) === 'ROLLBACK'
  } catch {
    return false
  }
}

/** @param answerMs after which the connection is given up */
function sessionOver(client: pg.ClientBase | pg.Pool, answerMs?: number): Session {
  const patience = answerMs === undefined ? {} : { query_timeout: answerMs }
  return {
    async query(text, values) {
      const name = nameOf(text)
      const result = await client
        .query<Record<string, unknown>>({
          ...(name === undefined ? {} : { name }),
          text,
          values: [...values],
          ...patience,
        })
        .catch(rethrow)
      return { rows: result.rows, count: result.rowCount ?? 0 }
    },
    async script(text) {
      // Several statements answer with one result each, which the types do not tell.
      const result: unknown = await client.query({ text, ...patience }).catch(rethrow)
      const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult | undefined
      return last?.command ?? ''
    },
  }
}

/** Texts come from templates in the source, so there are few; one that is put together at run time must not fill every connection. */
const MOST_PREPARED = 1_000
const prepared = new Map<string, string>()

/** The name under which a connection keeps a statement once it has been parsed and planned there. */
function nameOf(text: string): string | undefined {
  const known = prepared.get(text)
  if (known !== undefined || prepared.size >= MOST_PREPARED) return known
  const name = `s${prepared.size}`
  prepared.set(text, name)
  return name
}

function rethrow(error: unknown): never {
  throw asSeenByCallers(error)
}
