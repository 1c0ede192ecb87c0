import { setTimeout as pause } from 'node:timers/promises'
import type { ServiceProcess } from '../cluster/process.ts'
import { type FaultHouse, openFaultHouse } from '../faults/house.ts'
import { type Course, watchUnder } from '../faults/watch.ts'
import type { Proof } from './proof.ts'

const AWAY_MS = 20_000

/** Nodes that hang, and nodes that reach their parts no more while others do. */
export const cutOff: Proof = {
  name: 'cut-off',
  claim: `one of two nodes is stopped where it is, then cut off from Redis, the message bus and PostgreSQL in turn, once with broken connections and once in silence, ${AWAY_MS / 1_000} s each, under load: what it was not told it tells afterwards, nothing is lost, no answer is wrong`,
  async run({ surroundings, folder, say }) {
    const house = await openFaultHouse({ folder, surroundings, more: { relays: true } })
    try {
      return await cutOffNode(house, { ...CUT_LOAD, say }, { awayMs: AWAY_MS, silence: true })
    } finally {
      await house.close()
    }
  },
}

/** Calls go to the node that answers: what hangs is not asked, as a balancer that sees it would have it. */
export const CUT_LOAD = { listeners: 200, legacyListeners: 50, changesPerSecond: 100, callers: 2 }

const PARTS = ['redis', 'nats', 'postgres'] as const

/** @throws when something was lost */
export async function cutOffNode(
  house: FaultHouse,
  course: Course,
  { awayMs, silence }: { readonly awayMs: number; readonly silence: boolean },
): Promise<Readonly<Record<string, number>>> {
  const [victim] = house.cluster.mcp
  if (victim === undefined) throw new Error('there is no node')
  let faults = 0
  const { counts } = await watchUnder(house, course, async () => {
    const during = async (what: string, begin: () => void | Promise<void>, end: () => void | Promise<void>) => {
      course.say(what)
      faults += 1
      await begin()
      await pause(awayMs)
      await end()
      await pause(500)
    }
    const named = ({ name }: ServiceProcess) => name
    await during(`${named(victim)} hangs`, victim.freeze, victim.thaw)
    for (const part of PARTS) {
      for (const way of silence ? (['cut', 'silent'] as const) : (['cut'] as const)) {
        const relay = house.cluster.way(victim, part)
        await during(
          `${named(victim)} and ${part}: ${way}`,
          () => relay.turn(way),
          // What was held back in silence is not to be trusted any more: networks that come back break what was open.
          async () => {
            if (way === 'silent') await relay.turn('cut')
            await relay.turn('open')
          },
        )
      }
    }
  })
  return { faults, ...counts }
}
