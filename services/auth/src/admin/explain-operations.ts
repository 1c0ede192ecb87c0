import type { Tx } from '@gatehouse/database'
import { explain, GATES, type Principal } from '@gatehouse/policy'
import { followsSelection, rulesOf } from '@gatehouse/profiles'
import { z } from 'zod'
import { key_lock } from '../api-keys/api-keys.store.ts'
import { Refusal } from '../errors.ts'
import { grant_lock } from '../grants/grants.store.ts'
import { account_get, member_get, member_get_selected } from '../people/people.store.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { id, text } from './fields.ts'
import { type AdminDeps, defineOperation, type Operation } from './operation.ts'

const names = (about: string) =>
  z
    .string()
    .max(2_000)
    .default('')
    .transform((given) => given.split(' ').filter((name) => name !== ''))
    .describe(`${about}, with spaces between them.`)

/** Whose right is asked about, and what stands against the credential itself. */
interface Asked {
  readonly principal: Principal
  readonly ended: string | undefined
}

/** "Why was this denied?": the decision that nodes make, asked here with what auth knows now. */
export const EXPLAIN_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/explain',
    summary: 'Say why somebody may, or may not, do something',
    input: z.object({
      grant: id.optional().describe('An authorization: its person, scopes and organisation.'),
      key: id.optional().describe('An API key: its scopes and organisation.'),
      person: id.optional().describe('A person, with `tenant`, and as if a client had the scopes of `scopes`.'),
      tenant: id.optional(),
      scopes: names('Scopes of a token, for `person`; default: those of the profile'),
      needs: names('Scopes that the operation asks for'),
      permissions: names('Permissions that the operation asks for'),
    }),
    output: z.object({
      allow: z.boolean(),
      reason: z.string().optional().describe('As it stands in the audit log.'),
      missing: z.array(z.string()),
      gates: z.array(z.object({ gate: z.enum(GATES), answer: z.enum(['passed', 'refused', 'not-asked']) })),
      text: text(2_000).describe('What is missing, what to do, and who can do it.'),
      roles: z.array(z.string()).describe('Roles that have what is missing.'),
      tenant: z.string().describe('Id of the organisation that it was asked for.'),
      kind: z.enum(['person', 'key']),
      subject: z.string(),
      scopes: z.array(z.string()),
      heldRoles: z.array(z.string()),
    }),
    run: async ({ needs, permissions, ...of }, deps) =>
      deps.db.asPlatform('admin', async (tx) => {
        const { principal, ended } = await askedAbout(tx, of, deps)
        const known = await tenant_get(tx, principal.tenant)
        const tenant = known && { ...known, tenant: known.id }
        const told = explain(principal, tenant, { scopes: needs, permissions }, rulesOf(deps.profile))
        const about = {
          tenant: principal.tenant,
          kind: principal.kind === 'key' ? ('key' as const) : ('person' as const),
          subject: principal.subject,
          scopes: [...principal.scopes],
          heldRoles: [...principal.roles],
        }
        const { missing, roles, gates, ...rest } = told
        const lists = { missing: [...missing], roles: [...roles], gates: [...gates] }
        if (ended === undefined) return { ...rest, ...lists, ...about }
        const gone = gates.map(({ gate }) => ({ gate, answer: 'not-asked' as const }))
        return { ...lists, gates: gone, missing: [], roles: [], ...about, ...ENDED(ended) }
      }),
  }),
]

/** A credential that is no good any more is refused before any gate. */
const ENDED = (reason: string) => ({
  allow: false,
  reason,
  text: `The credential is no good any more (${reason}). Connect again, or make a new key.`,
})

interface Of {
  readonly grant?: string | undefined
  readonly key?: string | undefined
  readonly person?: string | undefined
  readonly tenant?: string | undefined
  readonly scopes: readonly string[]
}

async function askedAbout(tx: Tx, of: Of, { profile }: AdminDeps): Promise<Asked> {
  if ([of.grant, of.key, of.person].filter((one) => one !== undefined).length !== 1)
    throw new Refusal('request.malformed', { text: 'Name one of grant, key and person.' })
  if (of.key !== undefined) return ofKey(tx, of.key)
  if (of.grant === undefined) {
    if (of.tenant === undefined) throw new Refusal('request.malformed', { text: 'A person needs a tenant.' })
    const scopes = of.scopes.length > 0 ? of.scopes : profile.defaultScopes
    return ofPerson(tx, { personId: of.person ?? '', tenantId: of.tenant, scopes })
  }
  const grant = await grant_lock(tx, of.grant)
  if (grant === undefined) throw new Refusal('thing.unknown')
  const { personId, scopes } = grant
  const selected = followsSelection(profile) ? await member_get_selected(tx, personId) : undefined
  const asked = await ofPerson(tx, { personId, tenantId: selected?.tenantId ?? grant.tenantId, scopes })
  return grant.endedAt === null ? asked : { ...asked, ended: 'grant.ended' }
}

async function ofPerson(
  tx: Tx,
  {
    personId,
    tenantId,
    scopes,
  }: { readonly personId: string; readonly tenantId: string; readonly scopes: readonly string[] },
): Promise<Asked> {
  const account = await account_get(tx, personId)
  if (account === undefined) throw new Refusal('thing.unknown')
  const member = await member_get(tx, personId, tenantId)
  const ended =
    account.deactivatedAt !== null ? 'person.deactivated' : member === undefined ? 'membership.ended' : undefined
  return {
    ended,
    principal: {
      ...{ ...UNISSUED, tenant: tenantId, kind: 'person', subject: personId, credential: 'oauth' },
      scopes: new Set(scopes),
      roles: member === undefined ? [] : [member.role],
    },
  }
}

async function ofKey(tx: Tx, id: string): Promise<Asked> {
  const key = await key_lock(tx, id)
  if (key === undefined) throw new Refusal('thing.unknown')
  return {
    ended: key.kind === 'project' ? 'key.of-project' : undefined,
    principal: {
      ...{ ...UNISSUED, tenant: key.tenantId, kind: 'key', subject: key.id, credential: 'api-key' },
      scopes: new Set(key.scopes),
      roles: [],
    },
  }
}

/** No gate asks when a credential was issued. */
const UNISSUED = { credentialId: '', issuedAt: 0, expiresAt: 0 }
