import { liveTest } from './live-test.ts'
import type { Proof } from './proof.ts'

const HISTORIES = 100_000

/** The property test of refresh families, longer than every test run can be. */
export const refreshHistories: Proof = {
  name: 'refresh-histories',
  claim: `of ${HISTORIES} random histories of a refresh family, half of them under each rule, none has two living successors, a living token after death, or a locked out client`,
  async run(context) {
    const under = (retrySeconds: number) =>
      liveTest(
        'services/auth/src/testing/histories/living.main.ts',
        { GATEHOUSE_HISTORIES: String(HISTORIES), GATEHOUSE_RETRY_SECONDS: String(retrySeconds) },
        context,
      )
    await Promise.all([120, 0].map(under))
    return { histories: HISTORIES }
  },
}
