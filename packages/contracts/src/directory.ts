import { z } from 'zod'

const id = z.string().min(1).max(200)

const organisation = z.object({ id, slug: z.string(), name: z.string(), plan: z.string() })

const member = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role: z.string(),
  /** What the role permits. */
  permissions: z.array(z.string()),
})

/** Why a member's role stayed as it is. */
export const ROLE_REFUSALS = [
  /** The person who asks does not belong to the organisation any more, or their role may not manage members. */
  'actor.not-allowed',
  'member.unknown',
  'role.unknown',
  /** The member's role, or the new one, permits what the role of the person who asks does not. */
  'role.beyond-own',
  /** They are the only owner. */
  'owner.last',
] as const

const roleChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('changed'), from: z.string(), to: z.string() }),
  z.object({ kind: z.literal('unchanged'), role: z.string() }),
  /** `roles`: those that the person who asks could give. */
  z.object({ kind: z.literal('refused'), why: z.enum(ROLE_REFUSALS), roles: z.array(z.string()) }),
])

/**
 * What services of ours may ask auth about an organisation and its people, and have changed there: paths for them alone, which no balancer
 * forwards. Both sides parse by these schemas.
 */
export const DIRECTORY = {
  organisation: {
    path: '/internal/v1/directory/organisation',
    input: z.strictObject({ tenant: id }),
    output: z.object({ organisation: organisation.nullable() }),
  },
  /** People whose account can be used. */
  member: {
    path: '/internal/v1/directory/member',
    input: z.strictObject({ tenant: id, person: id }),
    output: z.object({ member: member.nullable() }),
  },
  /** By email address; `after` is the last of the page before. */
  members: {
    path: '/internal/v1/directory/members',
    input: z.strictObject({
      tenant: id,
      after: z.string().max(320).optional(),
      role: z.string().max(60).optional(),
      /** Part of a name or of an address, in any case. */
      like: z.string().max(100).optional(),
      limit: z.number().int().min(1).max(201),
    }),
    output: z.object({ members: z.array(member) }),
  },
  /** In the name of a person, judged by the role that they have at that moment. */
  changeRole: {
    path: '/internal/v1/directory/role',
    input: z.strictObject({
      tenant: id,
      actor: z.strictObject({ person: id, client: id.optional() }),
      person: id,
      role: z.string().min(1).max(60),
    }),
    output: z.object({ change: roleChange }),
  },
} as const satisfies Record<
  string,
  { readonly path: string; readonly input: z.ZodObject; readonly output: z.ZodObject }
>

export type DirectoryOperation = keyof typeof DIRECTORY
export type DirectoryInput<O extends DirectoryOperation> = z.output<(typeof DIRECTORY)[O]['input']>
export type DirectoryOutput<O extends DirectoryOperation> = z.output<(typeof DIRECTORY)[O]['output']>

/** Whoever answers: auth in the same process, or over the network. Rejects when auth does not say. */
export type DirectoryPort = {
  readonly [O in DirectoryOperation]: (input: DirectoryInput<O>) => Promise<DirectoryOutput<O>>
}

export type OrganisationFacts = z.output<typeof organisation>
export type MemberFacts = z.output<typeof member>
export type RoleChange = z.output<typeof roleChange>
