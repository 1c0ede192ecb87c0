import type { Kind, Pick } from './probes.ts'
import { leaks, pickOf } from './probes.ts'
import type { World } from './world.ts'

export interface Count {
  readonly probes: number
  /** Those that aim at a thing which exists. */
  readonly aimed: number
  readonly perKind: Readonly<Record<string, number>>
  /** What came back that must not have. */
  readonly found: readonly { readonly kind: string; readonly text: string }[]
}

const AT_ONCE = 24
const ENOUGH = 5
/** Probes between two words of how far it is. */
const TOLD = 25_000

/** Sends probes as the stranger until their number is reached, or enough was found. */
export async function probe(
  world: World,
  kinds: readonly Kind[],
  of: { readonly probes: number; readonly seed: number; readonly say?: (text: string) => void },
): Promise<Count> {
  const pick = pickOf(of.seed)
  const drawn = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  const perKind: Record<string, number> = {}
  const found: { kind: string; text: string }[] = []
  let sent = 0
  let aimed = 0
  const work = async (): Promise<void> => {
    while (sent < of.probes && found.length < ENOUGH) {
      sent += 1
      if (sent % TOLD === 0) of.say?.(`${sent} of ${of.probes} probes`)
      const kind = pick.of(drawn)
      perKind[kind.name] = (perKind[kind.name] ?? 0) + 1
      if (kind.aimed) aimed += 1
      const outcome = await kind.probe(world.stranger, pick)
      if (leaks(outcome)) found.push({ kind: kind.name, text: outcome.text.slice(0, 400) })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { probes: sent, aimed, perKind, found }
}

/** Few of the names that a probe draws fit together, so one try in twenty may succeed. */
const CONTROLS = 600

/** Whether the owner, doing the same, is shown or may do something: else a probe that finds nothing says nothing. */
export async function control(world: World, kind: Kind, pick: Pick): Promise<boolean> {
  for (let tried = 0; tried < CONTROLS; tried += 1) {
    if (kind.control(await kind.probe(world.owner, pick))) return true
  }
  return false
}
