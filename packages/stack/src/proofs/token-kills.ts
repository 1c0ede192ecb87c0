import { liveTest } from './live-test.ts'
import type { Proof } from './proof.ts'

const KILLS = 200
/** On their way in each node. */
const FLOWS = 32

/** The test that kills a node of auth at any point of an exchange or a refresh, longer than every test run can be. */
export const tokenKills: Proof = {
  name: 'token-kills',
  claim: `${KILLS} nodes of auth that are killed with ${FLOWS} exchanges and refreshes on their way leave each undone or done, one family, and a client that goes on`,
  async run(context) {
    const test = 'services/auth/src/token/killed-anywhere.integration.test.ts'
    await liveTest(test, { GATEHOUSE_KILLS: String(KILLS) }, context)
    return { kills: KILLS, requests: KILLS * FLOWS }
  },
}
