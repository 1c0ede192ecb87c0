import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '@gatehouse/testkit'
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
      return await killNodes(house, { ...LOAD, ...PROMISED, say }, KILLS)
    } finally {
      await house.close()
    }
  },
}

/** The load that is promised. */
export const LOAD = { listeners: 400, legacyListeners: 100, changesPerSecond: 200, callers: 4 }

/**
 * On a machine of its own: half of the load at least, also while nodes begin, and each change told in 30 s, whatever becomes of nodes. Clients come back
 * after 5 s at most, to a node that may just have begun.
 */
export const PROMISED = { reached: 0.5, toldWithinMs: 30_000 }
/** In which as many changes are made as are asked for in a second, on a machine that others use, too. */
const MADE_MS = 60_000

/** Nodes in turn; each is back before the next one dies. */
export async function killNodes(
  house: FaultHouse,
  course: Course,
  kills: number,
): Promise<Readonly<Record<string, number>>> {
  const { cluster } = house
  const { counts } = await watchUnder(house, course, async ({ changing }) => {
    // So that each death has its changes before it, however slow the machine is.
    const aSecond = async (): Promise<void> => {
      const made = changing.committed + course.changesPerSecond
      await pause(1_000)
      await eventually(MADE_MS, 'the changes of a second', () => changing.committed >= made)
    }
    for (let kill = 0; kill < kills; kill += 1) {
      await aSecond()
      // The one that has been there for longer.
      const victim = cluster.mcp[kill % cluster.mcp.length]
      if (victim === undefined) throw new Error('there is no node to kill')
      await victim.kill()
      course.say(`kill -9: ${victim.name}`)
      await cluster.restartNode(victim)
    }
    await aSecond()
  })
  return { kills, ...counts }
}
