import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { unknownOrganisation } from '../failures.ts'
import { organisationFacts, toOrganisation } from '../shapes.ts'

export const getMyProfile = defineTool<Sustainability>()({
  name: 'get_my_profile',
  title: 'Get my profile',
  description:
    'Who is signed in, with their role and permissions, and the organization that calls are for right now. ' +
    'Returns user and organization. Call it before changing anything, and after the user switched organizations. ' +
    'Not for other users (list_users).',
  scopes: ['azalt:read'],
  effect: 'reads',
  input: z.strictObject({}),
  output: z.object({
    user: z
      .object({
        id: z.string(),
        name: z.string(),
        email: z.string(),
        role: z.string(),
        permissions: z.array(z.string()),
      })
      .nullable()
      .describe('Null for a key or a service.'),
    organization: organisationFacts.describe('The active one.'),
    scopes: z.array(z.string()).describe('What this connection was granted.'),
  }),
  async run(_input, { principal, directory }) {
    const [organisation, member] = await Promise.all([
      directory.organisation(),
      principal.kind === 'person' ? directory.member(principal.subject) : undefined,
    ])
    if (organisation === undefined) throw unknownOrganisation()
    const user =
      member === undefined
        ? null
        : {
            id: member.id,
            name: member.name,
            email: member.email,
            role: member.role,
            permissions: [...member.permissions],
          }
    return { user, organization: toOrganisation(organisation), scopes: [...principal.scopes].sort() }
  },
})
