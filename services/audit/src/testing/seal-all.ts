import { unsealed_waiting } from '../seal/seal.store.ts'
import { type SealDeps, sealRound } from '../seal/seal.ts'

/** For tests: rounds until nothing is left. @returns how many rows were sealed. @throws the first fault */
export async function sealAll(deps: SealDeps): Promise<number> {
  let sealed = 0
  for (;;) {
    const round = await sealRound(deps, await deps.database.asPlatform('test', unsealed_waiting))
    sealed += round.sealed
    if (round.faults.length > 0) throw round.faults[0]
    if (!round.more) return sealed
  }
}
