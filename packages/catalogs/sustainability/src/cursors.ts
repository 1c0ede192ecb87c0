import { type Keyset, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { day, isId, text } from './vocabulary.ts'

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
const word = text(400)

export const usersCursor = listNamed('users', text(320))
export const sitesCursor = listNamed('sites', word)
export const formsCursor = listNamed('forms', z.tuple([instant, id]))
export const deploymentsCursor = listNamed('deployments', z.tuple([day, id]))
export const submissionsCursor = listNamed('submissions', z.tuple([instant, id]))
export const dashboardsCursor = listNamed('dashboards', z.tuple([instant, id]))
export const datasetsCursor = listNamed('datasets', z.tuple([word, id]))
export const indicatorsCursor = listNamed('indicators', word)
export const factorsCursor = listNamed('factors', z.tuple([word, word]))
export const activitiesCursor = listNamed('activities', z.tuple([day, id]))
