import type { DatabaseHost, Row } from './port.ts'
import type { Encoded } from './values.ts'

export interface Outcome {
  readonly rows: Row[]
  /** Of the command tag; 0 where it has none. */
  readonly count: number
}

export interface Statement {
  readonly text: string
  readonly values: readonly Encoded[]
}

/** One connection, as a driver gives it. Errors are as `asSeenByCallers` leaves them. */
export interface Session {
  /** One statement with values. */
  query(text: string, values: readonly Encoded[]): Promise<Outcome>
  /** Any number of statements without values. The tag's first word of the last one (`COMMIT`, `ROLLBACK`, …). */
  script(text: string): Promise<string>
}

/** As whom a transaction runs: role, tenant and purpose across tenants; of the last two one is empty. */
export type Guise = readonly [role: string, tenant: string, platform: string]

/** All three are always written, so that nothing a pooled connection was left with shows through; until the end of the transaction. */
const WEAR = `select set_config('role', $1, true), set_config('gatehouse.tenant', $2, true),
  set_config('gatehouse.platform', $3, true)`

/** The beginning of a transaction, in one round trip. */
export async function begin(session: Session, how: 'begin' | 'begin read only', guise: Guise): Promise<void> {
  await Promise.all([session.script(how), session.query(WEAR, guise)])
}

/** What a driver has to be able to do; all else is shared. */
export interface Connector {
  readonly driver: DatabaseHost['driver']
  /** Begins a transaction in this guise and runs `body` (which ends it) on one connection; rolls back when `body` rejects. */
  transaction<T>(guise: Guise, body: (session: Session) => Promise<T>): Promise<T>
  /** One statement that only reads, in a transaction of its own; its beginning and its end are sent along with it. */
  read(guise: Guise, text: string, values: readonly Encoded[]): Promise<Outcome>
  /** The same for one that changes something, given as late as can be. Its answer lost, the error says that it may have been committed. */
  write(guise: Guise, make: () => Statement): Promise<Outcome>
  /** A connection as the owner, outside any transaction. */
  owner<T>(body: (session: Session) => Promise<T>): Promise<T>
  /** Who the run-time connections log in as, where that is not the owner. */
  readonly login: string | undefined
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}
