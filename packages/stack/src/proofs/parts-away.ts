import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '@gatehouse/testkit'
import { leaderOf } from '../cluster/nats-servers.ts'
import type { Calling } from '../faults/callers.ts'
import { type FaultHouse, openFaultHouse } from '../faults/house.ts'
import { type Course, watchUnder } from '../faults/watch.ts'
import { LOAD } from './node-deaths.ts'
import type { Proof } from './proof.ts'

const AWAY_MS = 20_000
/** While PostgreSQL is away there are no changes. */
const REACHED = 0.25
/** Calls are carried out again so soon after a part is back. */
const BACK_MS = 30_000

/** Each part is away for a while under load. */
export const partsAway: Proof = {
  name: 'parts-away',
  claim: `Redis, the message bus and PostgreSQL are stopped for ${AWAY_MS / 1_000} s each under load, and the leader of three NATS servers is killed: no notification and no audit event is lost, no answer is wrong`,
  async run({ surroundings, folder, say }) {
    const house = await openFaultHouse({ folder, surroundings, more: { natsServers: 3 } })
    const awayMs = { redis: AWAY_MS, nats: AWAY_MS, postgres: AWAY_MS }
    try {
      return {
        ...(await takeAway(house, { ...LOAD, reached: REACHED, say }, awayMs)),
        ...prefixed('leader', await killLeader(house, { ...LOAD, say }, folder)),
      }
    } finally {
      await house.close()
    }
  },
}

const prefixed = (name: string, counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([key, count]) => [`${name}.${key}`, count]))

const PARTS = ['redis', 'nats', 'postgres'] as const
type Part = (typeof PARTS)[number]

/** Statuses of calls while a part is away, and how long after its return the first one was carried out. */
async function without(
  { cluster }: FaultHouse,
  part: Part,
  awayMs: number,
  { calling }: { readonly calling: Calling },
): Promise<Readonly<Record<string, number>>> {
  const first = calling.calls.length
  await cluster[part].stop()
  await pause(awayMs)
  const meanwhile = calling.calls.slice(first)
  const back = Date.now()
  await cluster[part].start()
  const recovered = await eventually(BACK_MS, `calls to be carried out after ${part} is back`, () =>
    calling.calls.find(({ done, at }) => done && at >= back),
  )
  const count = (fits: (call: (typeof meanwhile)[number]) => boolean): number => meanwhile.filter(fits).length
  return {
    [`${part}.calls`]: meanwhile.length,
    [`${part}.done`]: count(({ done }) => done),
    [`${part}.refused`]: count(({ done, status }) => !done && (status === 503 || status === 200)),
    [`${part}.other`]: count(({ done, status }) => !done && status !== 503 && status !== 200),
    [`${part}.recoveredMs`]: recovered.at - back,
  }
}

/**
 * Without Redis and without the bus calls go on (a node has a journal); without PostgreSQL they are refused in words.
 * @throws when that is not so, or something was lost
 */
export async function takeAway(
  house: FaultHouse,
  course: Course,
  awayMs: Readonly<Record<Part, number>>,
): Promise<Readonly<Record<string, number>>> {
  const seen: Record<string, number> = {}
  const { counts } = await watchUnder(house, course, async (running) => {
    for (const part of PARTS) {
      await pause(500)
      course.say(`without ${part}`)
      Object.assign(seen, await without(house, part, awayMs[part], running))
    }
    await pause(500)
  })
  const result = { ...seen, ...counts }
  const goesOn = ['redis', 'nats'].every((part) => Number(seen[`${part}.done`]) > 0)
  const other = PARTS.reduce((sum, part) => sum + Number(seen[`${part}.other`]), 0)
  if (!goesOn || other > 0) throw new Error(JSON.stringify(result))
  return result
}

/** The server that leads is killed, and comes back. @throws when something was lost */
export async function killLeader(
  house: FaultHouse,
  course: Course,
  folder: string,
): Promise<Readonly<Record<string, number>>> {
  const { counts } = await watchUnder(house, course, async ({ calling }) => {
    await pause(1_000)
    const leader = leaderOf(folder)
    const server = house.cluster.natsServers[leader ?? -1]
    if (server === undefined) throw new Error('no NATS server leads')
    course.say(`kill -9: the leader of the message bus, server ${Number(leader) + 1}`)
    await server.kill()
    await eventually(BACK_MS, 'another server to lead', () => leaderOf(folder) !== leader)
    const from = Date.now()
    await eventually(BACK_MS, 'calls to be carried out', () => calling.calls.some(({ done, at }) => done && at >= from))
    await pause(1_000)
    await server.start()
    await pause(1_000)
  })
  return counts
}
