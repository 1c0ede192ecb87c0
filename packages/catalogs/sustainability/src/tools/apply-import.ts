import { defineTool, ToolFailure } from '@gatehouse/catalog'
import { z } from 'zod'
import { countActivities } from '../datasets.store.ts'
import type { Sustainability } from '../domain.ts'
import { announce, ImportApplied } from '../events.ts'
import { unknownImport } from '../failures.ts'
import { applyRows, type ImportRow, isStale, lockImport, markApplied } from '../imports/imports.store.ts'
import { need } from '../require.ts'
import { importFacts, toImport } from '../shapes.ts'
import { id } from '../vocabulary.ts'

/** Rows in one statement. */
const PART = 1_000

export const applyImport = defineTool<Sustainability>()({
  name: 'apply_import',
  title: 'Apply an import',
  description:
    'Record the activities of a previewed import: all of them, once, however often it is called. Returns the import. ' +
    'Show the person the preview first. Not for looking at it (get_import).',
  scopes: ['azalt:write:imports'],
  permissions: ['imports:write'],
  effect: 'writes',
  idempotent: true,
  task: 'optional',
  cost: 5,
  input: z.strictObject({
    importId: id.describe('From preview_import.'),
    skipErrors: z
      .boolean()
      .default(false)
      .describe('Apply although some rows have errors, which are left out. Ask the person first.'),
  }),
  output: importFacts.extend({ alreadyApplied: z.boolean().describe('By an earlier call.') }),
  async run({ importId, skipErrors }, { transact, signal, progress, ...call }) {
    const by = call.principal.subject
    return transact(async (tx) => {
      const found = await need(importId, (id) => lockImport(tx, id), unknownImport)
      if (found.status === 'applied') return { ...toImport(found), alreadyApplied: true }
      const fault = faultOf(found, skipErrors, call.now) ?? ((await isStale(tx, importId)) ? stale() : undefined)
      if (fault !== undefined) throw fault
      const { dataset_id: datasetId, totals } = found
      let done = 0
      for (let line: number | null = 0; line !== null && done < totals.rows; ) {
        signal.throwIfAborted()
        const part: { line: number | null; count: number } = await applyRows(
          tx,
          { importId, datasetId, by },
          line,
          PART,
          call.now,
        )
        line = part.line
        done += part.count
        progress(done, totals.rows, 'activities')
      }
      await countActivities(tx, datasetId, done, call.now)
      const applied = await markApplied(tx, importId, by, call.now)
      await announce(tx, call, ImportApplied, { importId, datasetId, activities: done, by })
      return { ...toImport(applied), alreadyApplied: false }
    })
  },
})

const stale = () =>
  new ToolFailure(
    'import_stale',
    'Since the preview an emission factor changed or a site was archived, so its totals no longer hold. Call preview_import again; nothing was recorded.',
  )

/** Why it cannot be applied, as far as the import itself tells. */
function faultOf(found: ImportRow, skipErrors: boolean, now: Date): ToolFailure | undefined {
  if (found.expires_at <= now) {
    return new ToolFailure(
      'import_expired',
      'The preview has expired. Call preview_import again; nothing was recorded.',
    )
  }
  if (found.totals.rows === 0) {
    return new ToolFailure(
      'import_empty',
      'No row of the file can be applied. Correct it and call preview_import again.',
    )
  }
  if (found.error_rows > 0 && !skipErrors) {
    return new ToolFailure(
      'import_has_errors',
      `${found.error_rows} of ${found.row_count} rows have errors; nothing was recorded. Correct the file and call preview_import again, or ask the person whether to leave them out (skipErrors).`,
    )
  }
  return undefined
}
