import { liveTest } from './live-test.ts'
import type { Proof } from './proof.ts'

const HISTORIES = 100_000

/** The property test of refresh families, longer than every test run can be. */
export const refreshHistories: Proof = {
  name: 'refresh-histories',
  claim: `of ${HISTORIES} random histories of a refresh family, half of them under each rule, none has two living successors, a living token after death, or a locked out client`,
  async run(context) {
    for (const rule of ['window', 'strict']) {
      const test = `services/auth/src/token/histories-${rule}.integration.test.ts`
      await liveTest(test, { GATEHOUSE_HISTORIES: String(HISTORIES) }, context)
    }
    return { histories: HISTORIES }
  },
}
