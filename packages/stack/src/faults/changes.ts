import { setTimeout as pause } from 'node:timers/promises'
import { addTo } from './counters/catalog.ts'
import type { FaultHouse } from './house.ts'

/** Changes counters, as a service of the company does: rows and events in one transaction each. */
export interface Changer {
  /** Changes whose commit was acknowledged. */
  readonly committed: number
  /** Transactions of which it is not known whether they took effect. */
  readonly unknown: number
  stop(): Promise<void>
}

/** Changes in one transaction. */
const BATCH = 5
/** Transactions at once: one alone would make as many changes as the machine is fast. */
const AT_ONCE = 3

/**
 * So many changes a second: in turn of ids that change once (each of them could be missed without being made up for by the next change) and of ids
 * that change over and over.
 */
export function startChanging(
  { host, tenant }: Pick<FaultHouse, 'host' | 'tenant'>,
  options: { readonly perSecond: number; readonly once: readonly string[]; readonly often: readonly string[] },
): Changer {
  const db = host.as('gatehouse_mcp')
  const once = [...options.once]
  let often = 0
  let stopped = false
  let [committed, unknown] = [0, 0]
  const next = (): string[] =>
    Array.from({ length: BATCH }, (_, at) => {
      const fresh = at % 2 === 0 ? once.pop() : undefined
      if (fresh !== undefined) return fresh
      often += 1
      return options.often[(often * 7) % options.often.length] ?? ''
    })
  const by = { principal: { tenant } as Parameters<typeof addTo>[2]['principal'], now: new Date() }
  const change = async (): Promise<void> => {
    const ids = [...new Set(next())].sort()
    try {
      const changed = await db.asTenant(tenant, (tx) => addTo(tx, ids, { ...by, now: new Date() }))
      committed += changed.length
    } catch {
      unknown += 1
      await pause(200)
    }
  }
  const began = performance.now()
  let begun = 0
  const run = async (): Promise<void> => {
    while (!stopped) {
      const ahead = (begun / options.perSecond) * 1_000 - (performance.now() - began)
      begun += BATCH
      if (ahead > 0) await pause(ahead)
      // What could not be done in time is not made up for by a burst.
      else if (ahead < -2_000) begun = ((performance.now() - began) / 1_000) * options.perSecond
      await change()
    }
  }
  const running = Promise.all(Array.from({ length: AT_ONCE }, run))
  return {
    get committed() {
      return committed
    },
    get unknown() {
      return unknown
    },
    async stop() {
      stopped = true
      await running
    },
  }
}
