import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { unknownImport } from '../failures.ts'
import { findImport } from '../imports/imports.store.ts'
import { need } from '../require.ts'
import { importFacts, toImport } from '../shapes.ts'
import { id } from '../vocabulary.ts'

export const getImport = defineTool<Sustainability>()({
  name: 'get_import',
  title: 'Get an import',
  description:
    'An import as it stands: previewed or applied. Returns its row errors and totals. Not for the activities (list_activities).',
  scopes: ['azalt:write:imports'],
  permissions: ['imports:write'],
  effect: 'reads',
  input: z.strictObject({ importId: id.describe('From preview_import.') }),
  output: importFacts,
  run: ({ importId }, { transact }) =>
    transact(async (tx) => toImport(await need(importId, (id) => findImport(tx, id), unknownImport))),
})
