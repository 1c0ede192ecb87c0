import { type Test, test } from 'tap'
import { isolationCases } from './contract/isolation.ts'
import { migrationCases } from './contract/migrations.ts'
import { outboxCases } from './contract/outbox.ts'
import { overlapCases } from './contract/overlaps.ts'
import { type Case, prepareStage } from './contract/stage.ts'
import { transactionCases } from './contract/transactions.ts'
import { valueCases } from './contract/values.ts'
import type { DatabaseHost } from './port.ts'

const CASES: readonly Case[] = [
  ...isolationCases,
  ...transactionCases,
  ...valueCases,
  ...migrationCases,
  ...outboxCases,
  ...overlapCases,
]

/**
 * What every driver promises, in one suite. `open` gives an empty database. `overlaps` is `true`, or the reason why two
 * transactions cannot be open at once.
 */
export function databaseContract(
  name: string,
  open: (t: Test) => Promise<DatabaseHost>,
  { overlaps }: { readonly overlaps: true | string },
): void {
  test(`database on ${name}`, async (t) => {
    const host = await open(t)
    t.teardown(() => host.close())
    const stage = await prepareStage(t, host)
    for (const { title, overlapping, run } of CASES) {
      const skip = overlapping && overlaps !== true ? overlaps : false
      await t.test(title, { skip }, (t) => run(t, stage))
    }
  })
}
