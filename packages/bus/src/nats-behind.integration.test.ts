import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger } from '@gatehouse/telemetry'
import { eventually, freePort, startNats, temporaryFolder } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { type Bus, openBus } from './index.ts'

const STREAM = { name: 'KEPT', subjects: ['kept'], duplicateWindowSeconds: 60 }
const SOON = 30_000

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`)

async function publish(bus: Bus, texts: readonly string[]): Promise<void> {
  for (const data of texts) {
    await eventually(SOON, `${data} to be stored`, () =>
      bus.publish({ subject: 'kept', id: data, data }).then(
        () => true,
        () => false,
      ),
    )
  }
}

/** A follower has read forty messages of a server that is stopped then; of its files there are copies with twenty messages and with all. */
async function scene(t: Test) {
  const [dir, copies, port] = [temporaryFolder(t), temporaryFolder(t), await freePort()]
  let server = await startNats({ dir, port })
  t.teardown(() => server.stop())
  const copy = (from: string, to: string): void => {
    rmSync(join(to, 'jetstream'), { recursive: true, force: true })
    cpSync(join(from, 'jetstream'), join(to, 'jetstream'), { recursive: true })
  }
  const keep = async (name: string): Promise<void> => {
    await server.stop()
    copy(dir, join(copies, name))
  }
  const bringBack = async (name: string): Promise<void> => {
    await server.stop()
    copy(join(copies, name), dir)
    server = await startNats({ dir, port })
  }
  const warned: string[] = []
  const write = (line: string): void => void warned.push((JSON.parse(line) as { msg: string }).msg)
  const bus = await openBus(server.url, { logger: createLogger('test', { destination: { write } }) })
  t.teardown(() => bus.close())
  await bus.ensureStreams([STREAM])
  await publish(bus, numbers(1, 20))
  await keep('half')
  await bringBack('half')
  const heard: string[] = []
  const onGone = (): void => void heard.push('gone')
  await bus.follow('KEPT', { from: 'first', onGone }, ({ data }) => heard.push(Buffer.from(data).toString()))
  await publish(bus, numbers(21, 40))
  await eventually(SOON, 'all to be read', () => heard.length === 40)
  await keep('all')
  return {
    bus,
    heard,
    bringBack,
    seenBehind: () =>
      eventually(SOON, 'the loss to be seen', () => warned.includes('the followed stream is not all there')),
  }
}

test('a server that does not show all that was read is waited for; what comes after it is read, and nothing twice', async (t) => {
  const { bus, heard, bringBack, seenBehind } = await scene(t)
  await bringBack('half')
  await seenBehind()
  await bringBack('all')
  await publish(bus, ['41'])
  await eventually(SOON, 'the next to be read', () => heard.includes('41'))
  t.same(heard, numbers(1, 41))
})

test('a stream that lost its newest messages and gave their numbers to others is read from its first', async (t) => {
  const { bus, heard, bringBack } = await scene(t)
  await bringBack('half')
  const others = numbers(1, 30).map((n) => `other ${n}`)
  await publish(bus, others)
  await eventually(SOON, 'the last to be read', () => heard.at(-1) === others.at(-1))
  t.same(heard, [...numbers(1, 40), 'gone', ...numbers(1, 20), ...others])
})

test('a stream that stays without its newest messages is read from its first', async (t) => {
  const { heard, bringBack } = await scene(t)
  await bringBack('half')
  await eventually(SOON, 'what is left to be read', () => heard.length === 61)
  t.same(heard, [...numbers(1, 40), 'gone', ...numbers(1, 20)])
})
