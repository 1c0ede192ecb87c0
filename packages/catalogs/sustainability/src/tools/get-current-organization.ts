import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { unknownOrganisation } from '../failures.ts'
import { organisationFacts, toOrganisation } from '../shapes.ts'

export const getCurrentOrganization = defineTool<Sustainability>()({
  name: 'get_current_organization',
  title: 'Get the current organization',
  description:
    'The organization that calls are for right now. Returns its name, slug and plan. ' +
    'Not for its people (list_users) or places (list_sites).',
  scopes: ['azalt:read'],
  effect: 'reads',
  input: z.strictObject({}),
  output: organisationFacts,
  async run(_input, { directory }) {
    const organisation = await directory.organisation()
    if (organisation === undefined) throw unknownOrganisation()
    return toOrganisation(organisation)
  },
})
