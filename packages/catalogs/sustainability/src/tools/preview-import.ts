import { createHash } from 'node:crypto'
import { defineTool, newId } from '@gatehouse/catalog'
import type { Tx } from '@gatehouse/database'
import { z } from 'zod'
import { latestDay } from '../days.ts'
import type { Sustainability } from '../domain.ts'
import { factorsByCode } from '../factors.store.ts'
import { appliedBefore, forgetPreviews, insertImport, insertRows, sumUp } from '../imports/imports.store.ts'
import { type JudgedRow, judgeRow, type Known, type RowFault } from '../imports/judge-row.ts'
import { COLUMNS, type ParsedRow, parseCsv, ROWS_MAX } from '../imports/parse-csv.ts'
import { needDataset } from '../require.ts'
import { importFacts, toImport } from '../shapes.ts'
import { sitesByCode } from '../sites.store.ts'
import { id, text, unit } from '../vocabulary.ts'

/** Below what the endpoint takes as a body. */
const CSV_MAX = 500_000
const FAULTS_SHOWN = 50
const KEPT_FOR_MS = 24 * 3_600_000
/** Of one person; older ones go. */
const PREVIEWS_KEPT = 10
/** Rows in one statement. */
const PART = 2_000

export const previewImport = defineTool<Sustainability>()({
  name: 'preview_import',
  title: 'Preview an import',
  description:
    `Check a CSV of activities against sites and factors without recording any. Columns: ${COLUMNS.join(', ')}; site and factor ` +
    'are codes. Returns an import ID, errors and totals: show them before apply_import. Not for single ones (create_activity).',
  scopes: ['azalt:write:imports'],
  permissions: ['imports:write'],
  effect: 'writes',
  cost: 5,
  input: z.strictObject({
    datasetId: id.describe('From list_datasets.'),
    csv: text(CSV_MAX).min(1).describe(`With header, at most ${ROWS_MAX} rows; YYYY-MM-DD, decimal point.`),
    delimiter: z.enum([',', ';', '\t']).default(','),
    fileName: text(200).default(''),
  }),
  output: importFacts.extend({
    appliedBefore: z
      .string()
      .nullable()
      .describe('Import that applied the same file to this dataset before: warn the person.'),
  }),
  async run({ datasetId, csv, delimiter, fileName }, { transact, signal, progress, ...call }) {
    const parsed = await parseCsv(csv, delimiter, signal)
    const importId = newId('imp')
    const by = call.principal.subject
    const sha256 = createHash('sha256').update(csv).digest('hex')
    const expiresAt = new Date(call.now.getTime() + KEPT_FOR_MS)
    return transact(async (tx) => {
      await needDataset(tx, datasetId)
      const { rows, faults, errorRows } = judge(parsed, await lookUp(tx, parsed), latestDay(call.now))
      await forgetPreviews(tx, by, PREVIEWS_KEPT - 1, call.now)
      const errors = faults.slice(0, FAULTS_SHOWN)
      const about = {
        id: importId,
        datasetId,
        fileName,
        sha256,
        rowCount: parsed.length,
        errorRows,
        errors,
        by,
        expiresAt,
      }
      await insertImport(tx, about, call.now)
      for (let at = 0; at < rows.length; at += PART) {
        signal.throwIfAborted()
        await insertRows(tx, importId, rows.slice(at, at + PART))
        progress(Math.min(at + PART, rows.length), rows.length, 'rows')
      }
      const preview = await sumUp(tx, importId)
      return { ...toImport(preview), appliedBefore: (await appliedBefore(tx, datasetId, sha256)) ?? null }
    })
  },
})

/** What the organisation has of that which the file names. */
async function lookUp(tx: Tx, parsed: readonly ParsedRow[]): Promise<Known> {
  const distinct = (column: 'site' | 'factor') => [...new Set(parsed.flatMap(({ fields }) => fields[column] ?? []))]
  const sites = await sitesByCode(tx, distinct('site').filter(isCode))
  const factors = await factorsByCode(tx, distinct('factor').filter(isCode), unit.options)
  return {
    sites: new Map(sites.map(({ code, id, status }) => [code, { id, active: status === 'active' }])),
    factors: new Map(factors.map(({ code, id, unit, units }) => [code, { id, unit, units: new Set(units) }])),
  }
}

/** Nothing else can be found, and not all of it may be sent to the database. */
const isCode = (value: string): boolean => /^[A-Za-z0-9_.-]{1,64}$/.test(value)

function judge(parsed: readonly ParsedRow[], known: Known, today: string) {
  const rows: JudgedRow[] = []
  const faults: RowFault[] = []
  let errorRows = 0
  for (const row of parsed) {
    const verdict = judgeRow(row, known, today)
    if (Array.isArray(verdict)) {
      faults.push(...verdict)
      errorRows += 1
    } else rows.push(verdict)
  }
  return { rows, faults, errorRows }
}
