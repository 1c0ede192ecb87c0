import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Scope } from '../scope.ts'
import { privatePostgres, processPostgres, type TestServer } from './for-tests.ts'

export interface DatabaseOptions {
  /** The name of a template that `postgresTemplate` made: the database begins as its copy instead of empty. */
  readonly template?: string
}

let server: Promise<string> | undefined

/**
 * A database for one test, dropped at its end, on a server that many tests share: the one at `GATEHOUSE_TEST_POSTGRES`, else one
 * that this process starts. Roles belong to the server and are shared. With `private`, a server of the test's own, which it may
 * stop and start.
 * @throws Error when the machine has no PostgreSQL
 */
export function postgres(t: Scope, options: { readonly private: true }): Promise<TestServer>
export function postgres(t: Scope, options?: DatabaseOptions): Promise<{ readonly url: string }>
export async function postgres(
  t: Scope,
  options: DatabaseOptions | { readonly private: true } = {},
): Promise<{ readonly url: string }> {
  if ('private' in options) return privatePostgres(t)
  const admin = await sharedServer()
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`
  const template = options.template ?? 'template0'
  await asAdmin(admin, (client) => client.query(`create database ${name} template ${pg.escapeIdentifier(template)}`))
  t.teardown(() => asAdmin(admin, (client) => client.query(`drop database if exists ${name} with (force)`)))
  return { url: withDatabase(admin, name) }
}

/**
 * Makes a template database once per server, however many processes ask for it at the same time.
 * @param name says what is in it; give it another when the content changes
 * @param prepare fills the database at this URL and closes its connections
 * @returns the name for `postgres(t, { template })`
 */
export async function postgresTemplate(name: string, prepare: (url: string) => Promise<void>): Promise<string> {
  const admin = await sharedServer()
  const template = `template_${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
  await asAdmin(admin, async (client) => {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [template])
    // The lock goes away with the connection.
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template])
    if (rowCount !== 0) return
    // Under another name until it is whole: a preparation that failed or was killed leaves nothing that looks finished.
    const draft = `${template}_draft`
    await client.query(`drop database if exists ${draft} with (force)`)
    await client.query(`create database ${draft} template template0`)
    await prepare(withDatabase(admin, draft))
    await client.query(`alter database ${draft} rename to ${template}`)
  })
  return template
}

/** The PostgreSQL that the runner gives to all test files; `undefined` when a file runs by hand or with `--quick`. */
export function sharedPostgres(): string | undefined {
  return process.env.GATEHOUSE_TEST_POSTGRES || undefined
}

function sharedServer(): Promise<string> {
  const given = sharedPostgres()
  server ??= given === undefined ? processPostgres() : Promise.resolve(given)
  return server
}

async function asAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${name}`
  return other.href
}
