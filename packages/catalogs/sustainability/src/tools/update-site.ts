import { defineTool } from '@gatehouse/catalog'
import { isUniqueViolation } from '@gatehouse/database'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { announce, SiteUpdated } from '../events.ts'
import { codeTaken, nothingToUpdate, unknownSite } from '../failures.ts'
import { need } from '../require.ts'
import { siteFacts, toSite } from '../shapes.ts'
import { updateSite as update } from '../sites.store.ts'
import { code, id, siteKind, siteStatus, text, words } from '../vocabulary.ts'
import { country, floorArea } from './create-site.ts'

export const updateSite = defineTool<Sustainability>()({
  name: 'update_site',
  title: 'Update a site',
  description: 'Change or archive a site; what is left out stays. Returns the site. Not for adding one (create_site).',
  scopes: ['azalt:admin'],
  permissions: ['sites:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    siteId: id.describe('From list_sites.'),
    code: code.optional(),
    name: words(200).optional(),
    kind: siteKind.optional(),
    country: country.optional(),
    city: text(200).optional(),
    floorAreaM2: floorArea.nullable().optional(),
    status: siteStatus.optional(),
  }),
  output: siteFacts,
  async run({ siteId, ...to }, { transact, ...call }) {
    if (Object.values(to).every((value) => value === undefined)) {
      throw nothingToUpdate('code, name, kind, country, city, floorAreaM2, status')
    }
    try {
      return await transact(async (tx) => {
        const site = await need(siteId, (id) => update(tx, id, to, call.now), unknownSite)
        await announce(tx, call, SiteUpdated, { siteId, by: call.principal.subject })
        return toSite(site)
      })
    } catch (error) {
      if (isUniqueViolation(error, 'sites_code_key')) throw codeTaken(to.code ?? '')
      throw error
    }
  },
})
