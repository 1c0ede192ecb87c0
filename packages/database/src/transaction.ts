import { insideTransaction, refuseInsideTransaction } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { DatabaseUnavailable } from './errors.ts'
import type { Database, Row, Sql, Tx } from './port.ts'
import type { Connector, Session } from './session.ts'
import { encode } from './values.ts'

type Effect = () => void | Promise<void>

const PING_MS = 2000
const TENANT = /^[A-Za-z0-9_.:-]{1,128}$/
const PURPOSE = /^[A-Za-z0-9 _.:/-]{1,128}$/

/** The database as one role, over any driver. */
export function databaseAs(connector: Connector, role: string, log: Logger): Database {
  const transact = async <T>(tenant: string, platform: string, body: (tx: Tx) => Promise<T>): Promise<T> => {
    const purpose = platform === '' ? `tenant ${tenant}` : platform
    refuseInsideTransaction('opening a transaction')
    const effects: Effect[] = []
    const result = await connector.transaction([role, tenant, platform], (session) =>
      commitAfter(session, effects, (tx) => insideTransaction(purpose, () => body(tx))),
    )
    for (const effect of effects) runEffect(effect, purpose, log)
    return result
  }

  const database: Database = {
    async asTenant(tenant, body) {
      if (!TENANT.test(tenant)) throw new TypeError('not a tenant id')
      return transact(tenant, '', body)
    },
    async asPlatform(purpose, body) {
      if (!PURPOSE.test(purpose)) throw new TypeError('not a purpose')
      return transact('', purpose, body)
    },
    async readAsPlatform<R extends object = Row>(purpose: string, { text, values }: Sql) {
      if (!PURPOSE.test(purpose)) throw new TypeError('not a purpose')
      refuseInsideTransaction('reading')
      const { rows } = await connector.read([role, '', purpose], text, values.map(encode))
      return rows as R[]
    },
    async writeAsPlatform(purpose, make) {
      if (!PURPOSE.test(purpose)) throw new TypeError('not a purpose')
      refuseInsideTransaction('writing')
      const { count } = await connector.write([role, '', purpose], () => {
        const { text, values } = make()
        return { text, values: values.map(encode) }
      })
      return count
    },
    ping: () => withinTime(database.asPlatform('ping', (tx) => tx.run({ text: 'select 1', values: [] }))),
  }
  return database
}

/** Runs the body and commits. A statement that failed unseen would turn COMMIT into ROLLBACK, so that is an error too. */
async function commitAfter<T>(session: Session, effects: Effect[], body: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = new OpenTx(session, effects)
  let result: T
  try {
    result = await body(tx)
  } finally {
    tx.end()
  }
  const tag = await session.script('commit').catch((error: unknown) => {
    throw error instanceof DatabaseUnavailable ? new DatabaseUnavailable(error.cause, true) : error
  })
  if (tag !== 'COMMIT') throw new Error('a statement of this transaction failed and its error was not passed on')
  return result
}

/** A class, since one is made with every transaction: closures would cost as much as the rest of it. */
class OpenTx implements Tx {
  readonly #session: Session
  readonly #effects: Effect[]
  #over = false

  constructor(session: Session, effects: Effect[]) {
    this.#session = session
    this.#effects = effects
  }

  async rows<R extends object = Row>(statement: Sql): Promise<R[]> {
    return (await this.#query(statement)).rows as R[]
  }

  async maybe<R extends object = Row>(statement: Sql): Promise<R | undefined> {
    return (await this.rows<R>(statement))[0]
  }

  async one<R extends object = Row>(statement: Sql): Promise<R> {
    const [row, ...more] = await this.rows<R>(statement)
    if (row === undefined || more.length > 0) throw new Error(`one row expected, got ${row ? more.length + 1 : 0}`)
    return row
  }

  async run(statement: Sql): Promise<number> {
    return (await this.#query(statement)).count
  }

  afterCommit(effect: Effect): void {
    if (this.#over) throw new Error('the transaction is over')
    this.#effects.push(effect)
  }

  /** Nothing can be done in it any more. */
  end(): void {
    this.#over = true
  }

  #query({ text, values }: Sql): ReturnType<Session['query']> {
    if (this.#over) throw new Error('the transaction is over')
    return this.#session.query(text, values.map(encode))
  }
}

async function runEffect(effect: Effect, purpose: string, log: Logger): Promise<void> {
  try {
    await effect()
  } catch (error) {
    log.error({ err: error, purpose }, 'an effect after the commit failed')
  }
}

/** @throws DatabaseUnavailable when `work` takes longer than a ping may */
async function withinTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseUnavailable(new Error(`no answer in ${PING_MS} ms`))), PING_MS)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
