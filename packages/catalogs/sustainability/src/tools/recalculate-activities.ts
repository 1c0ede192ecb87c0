import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { ActivitiesRecalculated, announce } from '../events.ts'
import { findFactor } from '../factors.store.ts'
import { contradiction, unknownFactor } from '../failures.ts'
import { countRange, type Range, recalculatePart } from '../recalculate.store.ts'
import { need, needDataset } from '../require.ts'
import { day, id, isId } from '../vocabulary.ts'
import { refuseBackwards } from './list-activities.ts'

const MOST = 100_000
/** So many are held by one transaction. */
const PART = 1_000

export const recalculateActivities = defineTool<Sustainability>()({
  name: 'recalculate_activities',
  title: 'Recalculate activities',
  description:
    'Calculate emissions anew with the factors as they are now, or with another factor for all: of a dataset, or of named activities. ' +
    'Returns how many changed, and the sums before and after. Not for correcting quantities (update_activity).',
  scopes: ['azalt:write:activities'],
  permissions: ['activities:write'],
  effect: 'writes',
  idempotent: true,
  task: 'optional',
  cost: 5,
  input: z.strictObject({
    datasetId: id.optional().describe('Either this'),
    activityIds: z.array(id).min(1).max(100).optional().describe('or these.'),
    from: day.optional().describe('First day, of a dataset.'),
    to: day.optional().describe('Last day.'),
    factorId: id.optional().describe('Default: the factor that each has.'),
  }),
  output: z.object({
    looked: z.number().describe('How many there are.'),
    changed: z.number(),
    skipped: z.number().describe('Without a factor that fits.'),
    co2eKgBefore: z.number(),
    co2eKgAfter: z.number(),
  }),
  async run({ factorId, ...given }, { transact, signal, progress, ...call }) {
    const range = judgeRange(given)
    const total = await transact(async (tx) => {
      if (factorId !== undefined) await need(factorId, (id) => findFactor(tx, id), unknownFactor)
      if (range.datasetId !== undefined) await needDataset(tx, range.datasetId)
      return countRange(tx, range, MOST + 1)
    })
    if (total > MOST) throw contradiction(`That is more than ${MOST} activities. Narrow it with from and to.`)
    const sum = { looked: 0, changed: 0, skipped: 0, co2eKgBefore: 0, co2eKgAfter: 0 }
    let after: readonly [string, string] | null = null
    do {
      // Each part is whole by itself, and a part that was done comes out the same again.
      signal.throwIfAborted()
      const part = await transact(async (tx) => {
        const done = await recalculatePart(tx, range, { factorId, after, atMost: PART, now: call.now })
        if (done.changed > 0) {
          const about = { datasetId: range.datasetId ?? null, changed: done.changed, by: call.principal.subject }
          await announce(tx, call, ActivitiesRecalculated, about)
        }
        return done
      })
      sum.looked += part.looked
      sum.changed += part.changed
      sum.skipped += part.skipped
      sum.co2eKgBefore += part.before
      sum.co2eKgAfter += part.after
      after = part.looked < PART ? null : part.last
      progress(sum.looked, Math.max(total, sum.looked), 'activities')
    } while (after !== null)
    return sum
  },
})

/** @throws ToolFailure */
function judgeRange({ datasetId, activityIds, from, to }: Range): Range {
  if ((datasetId === undefined) === (activityIds === undefined)) {
    throw contradiction('Pass either datasetId or activityIds. Nothing was changed.')
  }
  if (activityIds !== undefined && (from !== undefined || to !== undefined)) {
    throw contradiction('from and to go with datasetId; activityIds are taken as they are. Nothing was changed.')
  }
  refuseBackwards(from, to)
  // What cannot be an id names nothing.
  return { datasetId, activityIds: activityIds?.filter(isId), from, to }
}
