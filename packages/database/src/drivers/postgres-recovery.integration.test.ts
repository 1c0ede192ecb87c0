import { connect, createServer, type Socket } from 'node:net'
import { freePort, postgres } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { promised } from '../bell.ts'
import { append, drain, notingBus } from '../contract/outbox.ts'
import { prepareStage } from '../contract/stage.ts'
import { openDatabase } from '../open.ts'
import type { Database } from '../port.ts'
import { sql } from '../sql.ts'

test('a PostgreSQL that stops and starts again is missed with a clear error, then used again without our restart', async (t) => {
  const server = await postgres(t, { private: true })
  const host = await openDatabase(server.url, { poolSize: 4 })
  t.teardown(() => host.close())
  const stage = await prepareStage(t, host)
  const { db } = stage
  const bus = notingBus()
  const drainer = drain(t, stage, bus.publish)
  let heard = promised()
  await host.listen('recovery', () => heard.resolve())
  const appendOne = (id: string) => db.asTenant('acme', (tx) => append(tx, 's', id))
  await appendOne('before')
  await drainer.idle()
  // Fills the pool, so that every connection in it is a dead one afterwards.
  await Promise.all([1, 2, 3, 4].map(() => db.asTenant('acme', (tx) => tx.run(sql`select pg_sleep(0.05)`))))

  const open = promised()
  const stopped = promised()
  const caught = db.asTenant('acme', async (tx) => {
    await append(tx, 's', 'cut off')
    open.resolve()
    await stopped.promise
    await tx.run(sql`select 1`)
  })
  caught.catch(() => {})
  await open.promise
  await server.stop()
  stopped.resolve()
  await t.rejects(caught, { name: 'DatabaseUnavailable', maybeCommitted: false })
  const asked = performance.now()
  await t.rejects(db.ping(), { name: 'DatabaseUnavailable' })
  await t.rejects(appendOne('while away'), { name: 'DatabaseUnavailable' })
  t.ok(performance.now() - asked < 2500, 'told in time')

  await server.start()
  await Promise.all([1, 2, 3, 4, 5].map((n) => appendOne(`after ${n}`)))
  await drainer.idle()
  t.strictSame(bus.ids().toSorted(), ['after 1', 'after 2', 'after 3', 'after 4', 'after 5', 'before'])
  await heard.promise
  heard = promised()
  await db.asPlatform('contract', (tx) => tx.run(sql`select pg_notify('recovery', '')`))
  await heard.promise
})

test('connections that died in the pool are passed over by the next transaction, and by the next read', async (t) => {
  const server = await postgres(t, { private: true })
  const host = await openDatabase(server.url, { poolSize: 3 })
  t.teardown(() => host.close())
  const { db } = await prepareStage(t, host)
  const pid = sql`select pg_backend_pid() as pid from pg_sleep(0.05)`
  const kill = async (atOnce: number, ask: () => Promise<{ pid: number } | undefined>) => {
    const pids = (await Promise.all(Array.from({ length: atOnce }, ask))).map((row) => row?.pid ?? 0)
    t.equal(new Set(pids).size, atOnce)
    for (const pid of pids) process.kill(pid, 'SIGTERM')
  }
  await kill(3, () => db.asTenant('acme', (tx) => tx.one<{ pid: number }>(pid)))
  await Promise.all([1, 2, 3].map(() => db.asTenant('acme', (tx) => tx.run(sql`select 1`))))
  const read = async () => (await db.readAsPlatform<{ pid: number }>('test', pid))[0]
  await kill(2, read)
  await Promise.all([1, 2, 3].map(read))
})

/** Between us and the server. @returns how to let all connections of this moment fall silent; later ones pass */
async function relay(t: Test, url: string) {
  const [through, to] = [new URL(url), Number(new URL(url).port)]
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((ours) => {
    const theirs = connect(to, '127.0.0.1')
    const pair = [ours, theirs] as const
    pairs.add(pair)
    for (const [from, into] of [pair, pair.toReversed()] as const) {
      from?.pipe(into as Socket)
      from?.on('error', () => into?.destroy())
      from?.on('close', () => into?.destroy())
    }
  })
  const port = await freePort()
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  t.teardown(() => {
    for (const socket of [...pairs].flat()) socket.destroy()
    server.close()
  })
  through.port = String(port)
  const silence = () => {
    for (const [ours, theirs] of pairs) {
      ours.unpipe().resume()
      theirs.unpipe().resume()
    }
  }
  return { url: through.href, silence }
}

/** A stage behind a relay, with as many connections of each kind as fit. */
async function behindRelay(t: Test) {
  const { url, silence } = await relay(t, (await postgres(t)).url)
  const host = await openDatabase(url, { poolSize: 4 })
  const { db } = await prepareStage(t, host)
  return { host, db, silence }
}

for (const [what, connections, ask] of [
  ['a transaction', 4, (db, n) => db.asTenant('acme', (tx) => tx.run(sql`select pg_sleep(0.05), ${n}::int`))],
  ['a single read', 2, (db, n) => db.readAsPlatform('test', sql`select pg_sleep(0.05), ${n}::int`)],
] as readonly [string, number, (db: Database, n: number) => Promise<unknown>][]) {
  test(`a server that vanished without a word is given up, and ${what} is done by the one that takes its place within 8 s`, async (t) => {
    const { host, db, silence } = await behindRelay(t)
    t.teardown(() => host.close())
    const all = (count = connections) =>
      Promise.allSettled(Array.from({ length: count }, (_, n) => soon(8_000, ask(db, n))))
    const fulfilled = (count: number) => Array.from({ length: count }, () => 'fulfilled')
    await all()
    silence()
    t.same(
      (await all()).map(({ status }) => status),
      fulfilled(connections),
      'by as many as there are connections',
    )
    silence()
    t.same(
      (await all(1)).map(({ status }) => status),
      fulfilled(1),
      'and by one that would find them silent one by one',
    )
  })
}

test('a single write to a server that vanished without a word fails within 8 s and may be done; the next one is', async (t) => {
  const { host, db, silence } = await behindRelay(t)
  t.teardown(() => host.close())
  const write = (n: number) =>
    soon(
      8_000,
      db.writeAsPlatform('test', () => sql`select ${n}::int`),
    )
  await Promise.all([write(1), write(1), write(1)])
  silence()
  await t.rejects(write(2), { name: 'DatabaseUnavailable', maybeCommitted: true })
  await t.resolves(write(3))
})

test('what a key does not find within 4 s is unavailable, not a fault', async (t) => {
  const host = await openDatabase((await postgres(t)).url)
  t.teardown(() => host.close())
  const { db } = await prepareStage(t, host)
  const asked = performance.now()
  await t.rejects(db.readAsPlatform('test', sql`select pg_sleep(9)`), { name: 'DatabaseUnavailable' })
  t.ok(performance.now() - asked < 7_500, 'and is not asked for again')
})

test('a listener whose server vanished without a word listens elsewhere, and ends', async (t) => {
  const { host, db, silence } = await behindRelay(t)
  let heard = promised()
  await host.listen('recovery', () => heard.resolve())
  silence()
  await t.rejects(
    soon(
      6_000,
      host.listen('another', () => undefined),
    ),
    { name: 'DatabaseUnavailable' },
  )
  await soon(6_000, heard.promise)
  heard = promised()
  await soon(
    8_000,
    db.asPlatform('contract', (tx) => tx.run(sql`select pg_notify('recovery', '')`)),
  )
  await soon(6_000, heard.promise)
  silence()
  await t.resolves(soon(6_000, host.close()))
})

async function soon<T>(ms: number, awaited: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms)
  })
  return Promise.race([awaited, tooLate]).finally(() => clearTimeout(late))
}
