import { setTimeout as pause } from 'node:timers/promises'
import { type FaultHouse, openFaultHouse } from '../faults/house.ts'
import { type Course, watchUnder } from '../faults/watch.ts'
import type { Proof } from './proof.ts'

const KILLS = 50

/** Nodes die under load; every change is told to every listener of it. */
export const nodeDeaths: Proof = {
  name: 'node-deaths',
  claim: `kill -9 of a node, ${KILLS} times, while 500 clients listen to 20 URIs each and 200 changes a second are made: each change is told to each listener of it, also with Last-Event-ID on another node`,
  async run({ surroundings, folder, say }) {
    const house = await openFaultHouse({ folder, surroundings })
    try {
      return await killNodes(house, { ...LOAD, toldWithinMs: TOLD_MS, say }, KILLS)
    } finally {
      await house.close()
    }
  },
}

/** The load that is promised. */
export const LOAD = { listeners: 400, legacyListeners: 100, changesPerSecond: 200, callers: 4 }

/** In which a change is told whatever becomes of nodes: clients come back after 5 s at most, to a node that may just have begun. */
export const TOLD_MS = 30_000

/** Nodes in turn; each is back before the next one dies. */
export async function killNodes(
  house: FaultHouse,
  course: Course,
  kills: number,
): Promise<Readonly<Record<string, number>>> {
  const { cluster } = house
  const { counts } = await watchUnder(house, course, async () => {
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(1_000)
      // The one that has been there for longer.
      const victim = cluster.mcp[kill % cluster.mcp.length]
      if (victim === undefined) throw new Error('there is no node to kill')
      await victim.kill()
      course.say(`kill -9: ${victim.name}`)
      await cluster.restartNode(victim)
    }
    await pause(1_000)
  })
  return { kills, ...counts }
}
