import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createLogger } from '@gatehouse/telemetry'
import { eventually, redis } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { keyValueContract } from './contract.ts'
import { type KeyValue, openKeyValue } from './index.ts'

keyValueContract('redis', async (t) => openKeyValue((await redis(t)).url))

const recovered = async (kv: KeyValue): Promise<boolean> => {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    try {
      await kv.ping()
      return true
    } catch {
      await delay(20)
    }
  }
  return false
}

test('while Redis is away every call says so at once, and works again when it is back', async (t) => {
  const server = await redis(t)
  const lines: { level: number; msg: string }[] = []
  const logger = createLogger('test', { destination: { write: (line) => void lines.push(JSON.parse(line)) } })
  const kv = await openKeyValue(server.url, { logger })
  t.teardown(() => kv.close())
  await kv.set('key', 'value', 60_000)
  await server.stop()

  const calls: Record<string, () => Promise<unknown>> = {
    get: () => kv.get('key'),
    set: () => kv.set('key', 'value', 1_000),
    claim: () => kv.claim('key', 'value', 1_000),
    take: () => kv.take('key'),
    increment: () => kv.increment('key', 1, 1_000),
    delete: () => kv.delete('key'),
    readMap: () => kv.readMap('map'),
    changeMap: () => kv.changeMap('map', { set: { a: '1' } }, 1_000),
    publish: () => kv.publish('channel', 'text'),
    ping: () => kv.ping(),
  }
  for (const [name, call] of Object.entries(calls)) {
    const start = performance.now()
    await t.rejects(call(), { name: 'KeyValueUnavailable' }, name)
    t.ok(performance.now() - start < 1_000, `${name} is quick`)
  }

  await server.start()
  t.ok(await recovered(kv))
  t.equal(await kv.claim('afterwards', 'value', 1_000), true)
  t.same((await kv.increment('counter', 1, 1_000)).count, 1, 'the script is known to the new server')
  t.same(
    lines.map(({ msg }) => msg),
    ['key-value store is away', 'key-value store is back'],
    'one line for the outage, one for its end',
  )
})

/** Passes bytes on to a port, and holds the answers back while it is told to. */
async function proxyTo(t: Test, url: string): Promise<{ url: string; mute(muted: boolean): void; taken(): number }> {
  let muted = false
  let taken = 0
  const open = new Set<Socket>()
  const servers = new Set<Socket>()
  const proxy = createServer((client) => {
    taken += 1
    const server = connect(Number(new URL(url).port), '127.0.0.1')
    for (const socket of [client, server]) open.add(socket.on('error', () => undefined))
    client.on('data', (bytes) => server.write(bytes)).on('close', () => server.destroy())
    server.on('data', (bytes) => client.write(bytes)).on('close', () => client.destroy())
    servers.add(server)
    if (muted) server.pause()
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    proxy.close()
  })
  return {
    url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    taken: () => taken,
    mute(now) {
      muted = now
      for (const server of servers) muted ? server.pause() : server.resume()
    },
  }
}

test('a server that takes commands and never answers is unavailable in time, and usable when it answers again', async (t) => {
  const proxy = await proxyTo(t, (await redis(t)).url)
  const kv = await openKeyValue(proxy.url)
  t.teardown(() => kv.close())
  await kv.set('key', 'value', 60_000)
  proxy.mute(true)
  const start = performance.now()
  await t.rejects(kv.get('key'), { name: 'KeyValueUnavailable' })
  t.ok(performance.now() - start < 1_000)
  proxy.mute(false)
  t.ok(await recovered(kv))
  t.equal(await kv.get('key'), 'value', 'the answer to this question, not to an older one')
})

test('it opens while Redis is away and works when it comes', async (t) => {
  const server = await redis(t)
  await server.stop()
  const kv = await openKeyValue(server.url)
  t.teardown(() => kv.close())
  await t.rejects(kv.ping(), { name: 'KeyValueUnavailable' })
  await server.start()
  t.ok(await recovered(kv))
})

test('closing while Redis is away ends the trying', async (t) => {
  const server = await redis(t)
  const kv = await openKeyValue(server.url)
  await server.stop()
  await kv.close()
  await t.rejects(kv.get('key'), { name: 'KeyValueUnavailable' })
})

test('who listens is told that messages may be lost when the connection was, and hears again by itself', async (t) => {
  const server = await redis(t)
  const kv = await openKeyValue(server.url)
  t.teardown(() => kv.close())
  const heard: string[] = []
  await kv.subscribe('channel', { message: (text) => void heard.push(text), lost: () => void heard.push('(lost)') })
  await kv.publish('channel', 'one')
  await eventually(5_000, 'the first', () => heard.length === 1)
  await server.stop()
  await server.start()
  t.ok(await recovered(kv))
  await eventually(10_000, 'the loss to be told', () => heard.includes('(lost)'))
  await kv.publish('channel', 'two')
  await eventually(5_000, 'the second', () => heard.includes('two'))
  t.same(heard, ['one', '(lost)', 'two'])
})

test('a subscription that met no server begins when there is one, and says so', async (t) => {
  const server = await redis(t)
  await server.stop()
  const kv = await openKeyValue(server.url)
  t.teardown(() => kv.close())
  const heard: string[] = []
  await kv.subscribe('channel', { message: (text) => void heard.push(text), lost: () => void heard.push('(lost)') })
  await server.start()
  await eventually(10_000, 'the subscription', () => heard.includes('(lost)'))
  t.ok(await recovered(kv))
  await kv.publish('channel', 'text')
  await eventually(5_000, 'the message', () => heard.includes('text'))
})

test('a channel whose server falls silent is left, and heard again', async (t) => {
  const server = await redis(t)
  const proxy = await proxyTo(t, server.url)
  const [kv, direct] = await Promise.all([openKeyValue(proxy.url), openKeyValue(server.url)])
  t.teardown(() => Promise.all([kv.close(), direct.close()]))
  const heard: string[] = []
  await kv.subscribe('channel', { message: (text) => void heard.push(text), lost: () => void heard.push('(lost)') })
  const before = proxy.taken()
  proxy.mute(true)
  await eventually(15_000, 'the silent connection to be left', () => proxy.taken() > before)
  await direct.publish('channel', 'unheard')
  proxy.mute(false)
  await eventually(15_000, 'the loss to be told', () => heard.includes('(lost)'))
  await direct.publish('channel', 'heard')
  await eventually(5_000, 'the message', () => heard.includes('heard'))
})

test('counts of one turn of the loop are one command for each hash tag, and one that fails does not concern the others', async (t) => {
  const { url } = await redis(t)
  const kv = await openKeyValue(url)
  t.teardown(() => kv.close())
  await kv.set('{a}:text', 'none', 60_000)
  await kv.increment('warm', 1, 60_000)
  const before = await commandsOf(url, 'evalsha')
  const counting = [
    kv.increment('{a}:1', 1, 60_000),
    kv.increment('{a}:1', 2, 60_000),
    kv.increment('{a}:text', 1, 60_000).catch((error: Error) => error.name),
    kv.incrementWithin(['{a}:2', '{a}'], 1, 1, 60_000),
    kv.incrementWithin(['{a}:2', '{a}'], 1, 1, 60_000),
    kv.increment('{b}:1', 5, 60_000),
  ]
  const [one, two, failed, within, beyond, apart] = (await Promise.all<unknown>(counting)) as unknown[]
  t.match([one, two, apart], [{ count: 1 }, { count: 3 }, { count: 5 }])
  t.equal(failed, 'KeyValueUnavailable')
  t.match(within, [{ count: 1 }, { count: 1 }])
  t.match(beyond, [{ count: 2 }])
  t.equal((beyond as unknown[]).length, 1, 'who is over the first limit is not counted in the second')
  t.equal((await commandsOf(url, 'evalsha')) - before, 2)

  const many = await Promise.all(Array.from({ length: 250 }, () => kv.increment('{a}:many', 1, 60_000)))
  t.same(
    many.map(({ count }) => count),
    Array.from({ length: 250 }, (_, at) => at + 1),
    'in the order in which they were asked for, however many',
  )
  t.equal((await commandsOf(url, 'evalsha')) - before, 5)
})

test('counts of turns that follow one another are one command, and one is answered while every turn brings more', async (t) => {
  const { url } = await redis(t)
  const kv = await openKeyValue(url)
  t.teardown(() => kv.close())
  await kv.increment('warm', 1, 60_000)
  const before = await commandsOf(url, 'evalsha')
  const counting: Promise<unknown>[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    counting.push(kv.increment('{a}:1', 1, 60_000), kv.increment('{a}:1', 1, 60_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.match(
    await Promise.all(counting),
    [1, 2, 3, 4, 5, 6].map((count) => ({ count })),
  )
  t.equal((await commandsOf(url, 'evalsha')) - before, 1)

  let brought = 0
  let over = false
  const endless = async (): Promise<void> => {
    while (!over) {
      brought += 1
      counting.push(kv.increment('{a}:2', 1, 60_000))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const bringing = endless()
  await kv.increment('{a}:1', 1, 60_000)
  const came = brought
  over = true
  await bringing
  await Promise.all(counting)
  const commands = (await commandsOf(url, 'evalsha')) - before - 1
  t.ok(
    commands > 1 && commands <= brought + 1,
    `${commands} commands for ${brought} turns, ${came} of them before the answer`,
  )
})

/** How often the server has run a command. */
function commandsOf(url: string, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let heard = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      heard += chunk.toString()
      if (!heard.endsWith('\r\n')) return
      socket.destroy()
      resolve(Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(heard)?.[1] ?? 0))
    })
    socket.write('INFO commandstats\r\n')
  })
}
