import { type Keyset, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { isId } from './vocabulary.ts'

/** A list has its name in its cursors, so that none takes another's. */
function listNamed<K>(list: string, key: z.ZodType<K>): Keyset<K> {
  const named = keyset(z.object({ list: z.literal(list), key }))
  return {
    read: (cursor) => named.read(cursor)?.key,
    page: (rows, limit, keyOf) => named.page(rows, limit, (row) => ({ list, key: keyOf(row) })),
  }
}

const id = z.string().refine(isId)
const instant = z.iso.datetime()

export const assessmentsCursor = listNamed('assessments', z.tuple([instant, id]))
export const trendCursor = listNamed('trend', z.tuple([instant, id]))
export const reportsCursor = listNamed('reports', z.tuple([instant, id]))
export const findingsCursor = listNamed('findings', z.tuple([z.int().min(1).max(5), instant, id]))
/** Positions count inside one assessment: the cursor of another would skip. */
export const responsesCursor = (assessmentId: string): Keyset<number> =>
  listNamed(
    `responses of ${assessmentId}`,
    z
      .int()
      .min(1)
      .max(2 ** 31 - 1),
  )
