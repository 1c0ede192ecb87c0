/** A statement with its values apart. Made by the `sql` tag only. */
export interface Sql {
  readonly text: string
  readonly values: readonly unknown[]
}

export type Row = Record<string, unknown>

/**
 * Inside one transaction. `int8` arrives as `bigint`, `bytea` as `Uint8Array`, `timestamptz` as `Date`,
 * `json`/`jsonb` parsed; the same on every driver.
 */
export interface Tx {
  /** All rows. */
  rows<R extends object = Row>(statement: Sql): Promise<R[]>
  /** The first row, or `undefined`. */
  maybe<R extends object = Row>(statement: Sql): Promise<R | undefined>
  /** The one row. @throws when there is none or more than one */
  one<R extends object = Row>(statement: Sql): Promise<R>
  /** How many rows the statement touched. */
  run(statement: Sql): Promise<number>
  /** Runs once after the commit (never after a rollback), outside the transaction. Its errors are logged, not thrown. */
  afterCommit(effect: () => void | Promise<void>): void
  /** Of events that are appended to an outbox here: the trace that they are part of. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a service holds: the database as its own role, which owns nothing and cannot pass row-level security. */
export interface Database {
  /** A transaction that sees the rows of this tenant and no others. @throws InsideTransactionError inside another */
  asTenant<T>(tenant: string, body: (tx: Tx) => Promise<T>): Promise<T>
  /** A transaction across tenants, for drainers, janitors and sign-in. `purpose` is shown in `gatehouse.platform`. */
  asPlatform<T>(purpose: string, body: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * The rows of one statement that only reads, across tenants. Its transaction begins and ends in the same round trip, so it costs a
   * third of `asPlatform`. For what a key finds: after 4 s it is given up. @throws InsideTransactionError inside a transaction; the server's
   * error for a statement that writes; DatabaseUnavailable
   */
  readAsPlatform<R extends object = Row>(purpose: string, statement: Sql): Promise<R[]>
  /**
   * One statement that changes something across tenants, as a whole or not at all; its transaction too begins and ends in the same round trip.
   * @param make called once nothing is waited for any more but the database's answer, so that a time which stands in it is that of the change
   * @returns how many rows it touched
   * @throws InsideTransactionError inside a transaction; DatabaseUnavailable, after which it may have been done all the same
   */
  writeAsPlatform(purpose: string, make: () => Sql): Promise<number>
  /** @throws DatabaseUnavailable when it does not answer within two seconds */
  ping(): Promise<void>
}

/** One numbered file of a migration folder. */
export interface Schema {
  /** Name of the schema, `[a-z_]+`. */
  readonly name: string
  /** The role that uses it at run time. */
  readonly role: string
  /** Folder with `0001-<what>.sql`, `0002-…`; never edited once landed. */
  readonly migrations: URL
}

/** The database as its owner: opened by `main.ts` and the migration step only. */
export interface DatabaseHost {
  readonly driver: 'pglite' | 'postgres'
  /** The database as one of the run-time roles (`gatehouse_auth`, `gatehouse_mcp`, `gatehouse_audit`, `gatehouse_bus`). */
  as(role: string): Database
  /** Listens to `NOTIFY channel`; resolves when listening. The returned function stops it. Reconnects by itself. */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>
  /** Brings schemas up to date under an advisory lock. Older code refuses a newer schema. */
  migrate(schemas: readonly Schema[]): Promise<void>
  /**
   * For a service that does not migrate: resolves when each schema has all that this code knows, and more of a newer version does no harm. A
   * database that is away is not asked again. @throws SchemaTooOld
   */
  expect(schemas: readonly Schema[]): Promise<void>
  close(): Promise<void>
}
