import { connect } from 'nats'
import pg from 'pg'
import { test } from 'tap'
import { nats, postgres, postgresTemplate, redis, startRedis, temporaryFolder } from '../index.ts'
import { ask } from './ask.ts'

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

test('a test gets an empty database, which is gone after it', async (t) => {
  let url = ''
  await t.test('inside', async (inner) => {
    url = (await postgres(inner)).url
    await query(url, 'create table notes (id int)')
    t.same(await query(url, 'select count(*)::int from notes'), [{ count: 0 }])
  })
  await t.rejects(query(url, 'select 1'), { code: '3D000' })
})

test('a template is prepared once, and its copies are independent', async (t) => {
  let prepared = 0
  const name = `notes ${process.pid}`
  const prepare = async (url: string) => {
    prepared++
    await query(url, 'create table notes (id int)')
  }
  const [template] = await Promise.all([postgresTemplate(name, prepare), postgresTemplate(name, prepare)])
  const [one, two] = [await postgres(t, { template }), await postgres(t, { template })]
  await query(one.url, 'insert into notes values (1)')
  t.same(await query(two.url, 'select count(*)::int from notes'), [{ count: 0 }])
  t.equal(prepared, 1)
})

test('a preparation that fails is tried again', async (t) => {
  const name = `fails ${process.pid}`
  await t.rejects(
    postgresTemplate(name, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  const template = await postgresTemplate(name, async (url) => void (await query(url, 'create table notes (id int)')))
  await t.resolves(query((await postgres(t, { template })).url, 'select from notes'))
})

test('a private PostgreSQL comes back with its data after a stop and after a crash', async (t) => {
  const server = await postgres(t, { private: true })
  await query(server.url, 'create table notes (id int)')
  await server.stop()
  await t.rejects(query(server.url, 'select 1'), { code: 'ECONNREFUSED' })
  await server.start()
  await query(server.url, 'insert into notes values (1)')
  await server.crash()
  await server.start()
  t.same(await query(server.url, 'select id from notes'), [{ id: 1 }], 'what was committed a moment before, too')
})

test('a Redis can be stopped and started again at its address', async (t) => {
  const server = await redis(t)
  const ping = () => ask(Number(new URL(server.url).port), 'PING\r\n', (answer) => answer === '+PONG\r\n')
  await t.resolves(ping())
  await server.stop()
  await t.rejects(ping())
  await server.start()
  await t.resolves(ping())
})

test('a NATS server finds its streams again after a stop', async (t) => {
  const server = await nats(t)
  const streams = async (work: (names: string[]) => Promise<unknown>, add?: string) => {
    const connection = await connect({ servers: server.url })
    const manager = await connection.jetstreamManager()
    if (add !== undefined) await manager.streams.add({ name: add, subjects: [`${add}.>`] })
    await work(await manager.streams.names().next())
    await connection.close()
  }
  await streams(async () => undefined, 'KEPT')
  await server.stop()
  await server.start()
  await streams(async (names) => t.same(names, ['KEPT']))
})

test('a server ends with the test', async (t) => {
  let url = ''
  await t.test('inside', async (inner) => {
    url = (await redis(inner)).url
    await ask(Number(new URL(url).port), 'PING\r\n', (answer) => answer === '+PONG\r\n')
  })
  await t.rejects(
    ask(Number(new URL(url).port), 'PING\r\n', () => false),
    { code: 'ECONNREFUSED' },
  )
})

test('a server that cannot start says what its log says', async (t) => {
  const taken = Number(new URL((await redis(t)).url).port)
  await t.rejects(startRedis({ dir: temporaryFolder(t), port: taken }), { message: /Address already in use/ })
})
