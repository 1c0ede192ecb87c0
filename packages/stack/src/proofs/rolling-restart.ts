import { setTimeout as pause } from 'node:timers/promises'
import type { Called } from '../faults/callers.ts'
import { type FaultHouse, openFaultHouse } from '../faults/house.ts'
import { type Course, watchUnder } from '../faults/watch.ts'
import { LOAD, PROMISED } from './node-deaths.ts'
import type { Proof } from './proof.ts'

const ROUNDS = 10

/** What a node is told, so that a balancer which asks ten times a second has seen that it leaves, on a busy machine too. */
export const LEAVING = { DRAIN_DELAY: '3', DRAIN_STREAMS: '1' }
/** In which a node that is asked to end has ended. Milliseconds. */
const DRAINED_MS = 30_000

/** Nodes are replaced under load, and nobody notices but those whose stream ends with its result. */
export const rollingRestart: Proof = {
  name: 'rolling-restart',
  claim: `every node is ended and started again, ${ROUNDS} times over, under load: no call fails, each listen stream ends with its result, each node ends in time and says that it was clean`,
  async run({ surroundings, folder, say }) {
    const house = await openFaultHouse({ folder, surroundings, nodeEnv: LEAVING })
    try {
      return await restartNodes(house, { ...LOAD, ...PROMISED, say }, ROUNDS)
    } finally {
      await house.close()
    }
  },
}

/** @throws when a call failed, a stream was broken off, or a node did not end cleanly */
export async function restartNodes(
  house: FaultHouse,
  course: Course,
  rounds: number,
): Promise<Readonly<Record<string, number>>> {
  const { cluster } = house
  const ends: string[] = []
  let drainMs = 0
  const { counts, calls } = await watchUnder(house, course, async () => {
    for (let round = 0; round < rounds; round += 1) {
      for (const node of [...cluster.mcp]) {
        const began = performance.now()
        // The balancer is told nothing: it sees that the node is not ready any more.
        ends.push(await node.stop(DRAINED_MS))
        drainMs = Math.max(drainMs, Math.round(performance.now() - began))
        course.say(`${node.name} ended with ${ends.at(-1)}`)
        await cluster.restartNode(node)
        await pause(500)
      }
    }
  })
  const failed = calls.filter(({ done }) => !done)
  const result = { restarts: ends.length, drainMs, callsFailed: failed.length, ...counts }
  const unclean = ends.filter((end) => end !== '0')
  if (failed.length > 0 || counts.streamsBroken !== 0 || unclean.length > 0) {
    throw new Error(JSON.stringify({ ...result, ends, failed: kindsOf(failed) }))
  }
  return result
}

/** How many calls failed in which way. */
function kindsOf(failed: readonly Called[]): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {}
  for (const { status, text } of failed) {
    const kind = `${status} ${text.replaceAll(/[0-9a-f-]{36}/g, '<id>').slice(0, 300)}`
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return kinds
}
