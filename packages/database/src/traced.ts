import type { SpanAbout, Tracing } from '@gatehouse/telemetry'
import type { Database, DatabaseHost, Sql, Tx } from './port.ts'

/** Statements hold names and placeholders, never values; long ones are told by their beginning. */
const SHOWN = 300

/** The same database with a span for each transaction and each statement; events appended inside name the span as their cause. */
export function tracedDatabase(host: DatabaseHost, tracing: Tracing | undefined): DatabaseHost {
  if (tracing === undefined) return host
  return { ...host, as: (role) => traced(host.as(role), role, tracing) }
}

function traced(database: Database, role: string, tracing: Tracing): Database {
  const about = (facts: SpanAbout['facts'] = {}): SpanAbout => ({
    kind: 'client',
    facts: { 'db.system.name': 'postgresql', 'gatehouse.role': role, ...facts },
  })
  const said = ({ text }: Sql): SpanAbout =>
    about({ 'db.query.text': text.replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN) })
  // What is done by the clock for nobody makes no traces: only what is part of one is shown.
  const within = <T>(name: string, work: (traceparent?: string) => Promise<T>): Promise<T> =>
    tracing.traceparent() === undefined ? work() : tracing.span(name, about(), ({ traceparent }) => work(traceparent))
  const tx = (inner: Tx, traceparent: string | undefined): Tx => {
    if (traceparent === undefined) return inner
    const spanned = <T>(statement: Sql, work: () => Promise<T>): Promise<T> =>
      tracing.span(
        `postgresql ${/^\s*(\w+)/.exec(statement.text)?.[1]?.toLowerCase() ?? 'query'}`,
        said(statement),
        work,
      )
    return {
      rows: (statement) => spanned(statement, () => inner.rows(statement)),
      maybe: (statement) => spanned(statement, () => inner.maybe(statement)),
      one: (statement) => spanned(statement, () => inner.one(statement)),
      run: (statement) => spanned(statement, () => inner.run(statement)),
      afterCommit: (effect) => inner.afterCommit(effect),
      headers: { traceparent },
    }
  }
  return {
    asTenant: (tenant, body) =>
      within('postgresql transaction', (parent) => database.asTenant(tenant, (inner) => body(tx(inner, parent)))),
    asPlatform: (purpose, body) =>
      within(`postgresql ${purpose}`, (parent) => database.asPlatform(purpose, (inner) => body(tx(inner, parent)))),
    readAsPlatform: (purpose, statement) =>
      within(`postgresql ${purpose}`, () => database.readAsPlatform(purpose, statement)),
    writeAsPlatform: (purpose, make) => within(`postgresql ${purpose}`, () => database.writeAsPlatform(purpose, make)),
    ping: () => database.ping(),
  }
}
