import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.ts'

/** How far calls have come, and how far they may. */
export interface Pace {
  readonly calls: number
  /** Calls that were begun. */
  made: number
  /** No call of that number or beyond is begun yet. */
  until: number
}

const LOOK_MS = 5

/**
 * Kills nodes, the audit service, the bus, and again, each in the midst of calls: spread over them, and no call passes the place of the next
 * kill before what was killed last is back. @returns how often each was killed while calls were under way
 */
export async function killInTurn(
  cluster: Cluster,
  pace: Pace,
  kills: number,
  say: (line: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const node = (at: number) => async () => {
    const victim = cluster.mcp[at % cluster.mcp.length]
    if (victim === undefined) throw new Error('there is no node')
    await victim.kill()
    await cluster.restartNode(victim)
  }
  const turns: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nodes', node(0)],
    ['audit', () => cluster.audit.kill().then(() => cluster.restart('audit'))],
    [
      'bus',
      () =>
        cluster.nats
          .kill()
          .then(() => pause(1_000))
          .then(() => cluster.nats.start()),
    ],
    ['nodes', node(1)],
  ]
  const struck: Record<string, number> = {}
  const place = (kill: number): number => Math.floor((pace.calls * (kill + 1)) / (kills + 1))
  for (let kill = 0; kill < kills; kill += 1) {
    const before = Math.floor((place(kill - 1) + place(kill)) / 2)
    pace.until = place(kill)
    while (pace.made < before) await pause(LOOK_MS)
    const [name, strike] = turns[kill % turns.length] ?? ['', async () => undefined]
    say(`kill -9: ${name}, after ${pace.made} calls`)
    await strike()
    struck[name] = (struck[name] ?? 0) + 1
  }
  pace.until = pace.calls
  return struck
}
