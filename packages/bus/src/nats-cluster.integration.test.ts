import { randomUUID } from 'node:crypto'
import { eventually, natsServers } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openBus } from './open.ts'

file.setTimeout(120_000)
const { url, servers } = await natsServers(file)
const bus = await openBus(url, { name: 'test', replicas: 3 })
file.teardown(() => bus.close())
await bus.ensureStreams([{ name: 'KEPT', subjects: ['kept.>'], duplicateWindowSeconds: 120 }])

/** Publishes one message, again with the same id until it is stored. */
async function publish(n: number): Promise<void> {
  const id = randomUUID()
  await eventually(30_000, `message ${n} to be stored`, () =>
    bus.publish({ subject: `kept.${n % 3}`, id, data: String(n) }).then(
      () => true,
      () => false,
    ),
  )
}

test('of three servers each is killed in turn: what was stored is read by a follower in order, once, without a gap', async (t) => {
  const seen: number[] = []
  const follower = await bus.follow(
    'KEPT',
    { from: 'first', onGone: () => t.fail('it is the same stream') },
    ({ data }) => {
      seen.push(Number(new TextDecoder().decode(data)))
    },
  )
  t.teardown(() => follower.stop())
  let sent = 0
  const some = async () => {
    for (let more = 0; more < 20; more += 1) {
      await publish(sent)
      sent += 1
    }
  }
  await some()
  for (const server of servers) {
    await server.crash()
    await some()
    await server.start()
  }
  await eventually(30_000, 'the follower to have read all', () => seen.at(-1) === sent - 1)
  t.same(
    seen,
    Array.from({ length: sent }, (_, n) => n),
  )
})
