import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { announce, SiteCreated } from '../events.ts'
import { codeTaken } from '../failures.ts'
import { siteFacts, toSite } from '../shapes.ts'
import { insertSite } from '../sites.store.ts'
import { code, siteKind, text, words } from '../vocabulary.ts'

export const country = z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166-1)')
export const floorArea = z.number().positive().max(9_999_999_999).multipleOf(0.01)

export const createSite = defineTool<Sustainability>()({
  name: 'create_site',
  title: 'Create a site',
  description:
    'Add a place of the organization. Returns the site with its ID. Look in list_sites first. Not for changing one (update_site).',
  scopes: ['azalt:admin'],
  permissions: ['sites:write'],
  effect: 'writes',
  input: z.strictObject({
    code: code.describe('Short unique name, used in imports.'),
    name: words(200),
    kind: siteKind,
    country: country.describe('ISO 3166-1 alpha-2.'),
    city: text(200).default(''),
    floorAreaM2: floorArea.optional(),
  }),
  output: siteFacts,
  async run({ floorAreaM2, ...given }, { transact, ...call }) {
    const id = newId('sit')
    return transact(async (tx) => {
      const site = await insertSite(tx, id, { ...given, floorAreaM2: floorAreaM2 ?? null }, call.now)
      if (site === undefined) throw codeTaken(given.code)
      await announce(tx, call, SiteCreated, { siteId: id, by: call.principal.subject })
      return toSite(site)
    })
  },
})
