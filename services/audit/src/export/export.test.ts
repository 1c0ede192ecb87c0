import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { busSchema, openBus } from '@gatehouse/bus'
import { type Database, DatabaseUnavailable, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { type Test, test, t as wholeFile } from 'tap'
import { auditSchema } from '../schema.ts'
import { ADMIN_TOKEN, auditRig } from '../testing/rig.ts'

const host = await testDatabase(wholeFile, [busSchema, auditSchema])
const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
wholeFile.teardown(() => bus.close())
const database = host.as(auditSchema.role)
const ROWS = 2_500
await database.asPlatform('test', (tx) =>
  tx.run(sql`
    insert into audit.events (id, tenant, class, time, type, source, tool)
    select gen_random_uuid(), 't1', 'standard', timestamptz '2026-03-01' + n * interval '1 second', 'x', '/x', 'tool.' || n
    from generate_series(1, ${ROWS}::integer) as n`),
)

/** The service over a database that goes away after so many reads of the log. */
async function serverAfter(t: Test, reads: number) {
  let left = reads
  const going: Database = {
    ...database,
    asPlatform: (purpose, body) => {
      if (purpose === 'audit: query') left -= 1
      return left < 0 ? Promise.reject(new DatabaseUnavailable(new Error('down'))) : database.asPlatform(purpose, body)
    },
  }
  const { server } = await auditRig({ database: going, bus })
  t.teardown(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  return async (path: string): Promise<IncomingMessage> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const [answer] = await once(httpGet({ port, path: `/admin/v1/audit/${path}`, headers, agent: false }), 'response')
    return answer as IncomingMessage
  }
}

test('an export has every row once, newest first, whatever fits in a page', async (t) => {
  const ask = await serverAfter(t, Number.POSITIVE_INFINITY)
  for (const [format, extension, header] of [
    ['jsonl', 'jsonl', 0],
    ['csv', 'csv', 1],
    ['ocsf', 'ocsf.jsonl', 0],
  ] as const) {
    const answer = await ask(`export?format=${format}`)
    t.equal(answer.headers['content-disposition'], `attachment; filename="audit.${extension}"`)
    t.equal(answer.headers['cache-control'], 'no-store')
    let text = ''
    for await (const chunk of answer) text += chunk
    const tools = text
      .trim()
      .split('\n')
      .slice(header)
      .map((line) => /tool\.(\d+)/.exec(line)?.[1])
    t.same(
      tools,
      Array.from({ length: ROWS }, (_, n) => String(ROWS - n)),
      format,
    )
  }
})

test('503: an export that cannot begin says so', async (t) => {
  const answer = await (await serverAfter(t, 0))('export')
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '2')
  answer.resume()
})

test('half an export never looks whole: a fault in the middle breaks the connection', async (t) => {
  const answer = await (await serverAfter(t, 1))('export?format=csv')
  t.equal(answer.statusCode, 200)
  let lines = 0
  await t.rejects(async () => {
    for await (const chunk of answer) lines += String(chunk).split('\n').length - 1
  }, /aborted/)
  t.ok(lines > 0 && lines <= 1_001)
})
