import type { DatabaseHost, Row } from './port.ts'
import type { Encoded } from './values.ts'

export interface Outcome {
  readonly rows: Row[]
  /** Of the command tag; 0 where it has none. */
  readonly count: number
}

/** One connection, as a driver gives it. Errors are as `asSeenByCallers` leaves them. */
export interface Session {
  /** One statement with values. */
  query(text: string, values: readonly Encoded[]): Promise<Outcome>
  /** Any number of statements without values. The tag's first word of the last one (`COMMIT`, `ROLLBACK`, …). */
  script(text: string): Promise<string>
}

/** What a driver has to be able to do; all else is shared. */
export interface Connector {
  readonly driver: DatabaseHost['driver']
  /** Runs `opening` (which begins a transaction) and `body` (which ends it) on one connection; rolls back when `body` rejects. */
  transaction<T>(opening: string, body: (session: Session) => Promise<T>): Promise<T>
  /** One statement that only reads, between `opening` (which begins a transaction) and its end, all sent together. */
  read(opening: string, text: string, values: readonly Encoded[]): Promise<Outcome>
  /** A connection as the owner, outside any transaction. */
  owner<T>(body: (session: Session) => Promise<T>): Promise<T>
  /** Who the run-time connections log in as, where that is not the owner. */
  readonly login: string | undefined
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}
