import { test } from 'tap'
import { decide, decideTenant, type Refusal } from './decide.ts'
import type { Principal, Requirement, Rules, TenantPolicy } from './principal.ts'

const RULES: Rules = {
  plansWithMcp: new Set(['business', 'enterprise']),
  implies: new Map([
    ['read', new Set(['read'])],
    ['write', new Set(['write', 'read'])],
    ['admin', new Set(['admin', 'write', 'read'])],
    ['only:reports', new Set(['only:reports'])],
    ['only:people', new Set(['only:people'])],
  ]),
  permissions: new Map([
    ['viewer', new Set(['entries:read'])],
    ['member', new Set(['entries:read', 'entries:write'])],
    ['billing', new Set(['invoices:read'])],
  ]),
  narrowing: new Set(['only:reports', 'only:people']),
}

const PERSON: Principal = {
  tenant: 'acme',
  kind: 'person',
  subject: 'person_1',
  client: 'client_1',
  scopes: new Set(['write']),
  roles: ['member'],
  credential: 'oauth',
  credentialId: 'jti_1',
  issuedAt: 1_000,
  expiresAt: 1_600,
}
const TENANT: TenantPolicy = {
  tenant: 'acme',
  slug: 'acme',
  name: 'Acme',
  plan: 'business',
  status: 'active',
  mcp: true,
}
const WRITE: Requirement = { scopes: ['write'], permissions: ['entries:write'] }
const scopes = (...names: string[]) => new Set(names)

interface Case {
  readonly that: string
  readonly principal?: Partial<Principal>
  readonly tenant?: Partial<TenantPolicy> | 'unknown'
  readonly requirement?: Partial<Requirement>
  readonly rules?: Partial<Rules>
  readonly verdict: 'allow' | Refusal
}

const CASES: readonly Case[] = [
  { that: 'everything in place', verdict: 'allow' },

  { that: 'the tenant is not known', tenant: 'unknown', verdict: { reason: 'tenant.unknown' } },
  {
    that: 'the tenant is another than the token names',
    tenant: { tenant: 'globex' },
    verdict: { reason: 'tenant.foreign' },
  },
  { that: 'the plan has no MCP', tenant: { plan: 'free' }, verdict: { reason: 'plan.without-mcp', plan: 'free' } },
  {
    that: 'no plan is named, so all have MCP',
    tenant: { plan: 'free' },
    rules: { plansWithMcp: scopes() },
    verdict: 'allow',
  },
  { that: 'the tenant is suspended', tenant: { status: 'suspended' }, verdict: { reason: 'tenant.suspended' } },
  { that: 'the operator has switched MCP off', tenant: { mcp: false }, verdict: { reason: 'mcp.disabled' } },

  {
    that: 'a scope is missing: the whole is granted and needed together, sorted',
    principal: { scopes: scopes('read') },
    verdict: { reason: 'scope.missing', missing: ['write'], whole: ['read', 'write'] },
  },
  {
    that: 'no scope at all',
    principal: { scopes: scopes() },
    verdict: { reason: 'scope.missing', missing: ['write'], whole: ['write'] },
  },
  {
    that: 'two of three scopes are missing: both are told in the order asked',
    principal: { scopes: scopes('read') },
    requirement: { scopes: ['write', 'read', 'admin'] },
    verdict: { reason: 'scope.missing', missing: ['write', 'admin'], whole: ['admin', 'read', 'write'] },
  },
  { that: 'a scope that implies the needed one', principal: { scopes: scopes('admin') }, verdict: 'allow' },
  { that: 'write implies read', requirement: { scopes: ['read'] }, verdict: 'allow' },
  {
    that: 'read does not imply write',
    principal: { scopes: scopes('read') },
    requirement: { scopes: ['write'], permissions: [] },
    verdict: { reason: 'scope.missing', missing: ['write'], whole: ['read', 'write'] },
  },
  {
    that: 'a scope nobody declared implies nothing, not even by a prefix of its name',
    principal: { scopes: scopes('write:all') },
    verdict: { reason: 'scope.missing', missing: ['write'], whole: ['write', 'write:all'] },
  },
  {
    that: 'nothing is needed',
    principal: { scopes: scopes() },
    requirement: { scopes: [], permissions: [] },
    verdict: 'allow',
  },

  {
    that: 'no narrowing scope is in the token: a narrowing requirement is no obstacle',
    requirement: { scopes: ['write', 'only:reports'] },
    verdict: 'allow',
  },
  {
    that: 'the token is narrowed to this',
    principal: { scopes: scopes('write', 'only:reports') },
    requirement: { scopes: ['write', 'only:reports'] },
    verdict: 'allow',
  },
  {
    that: 'the token is narrowed to something else',
    principal: { scopes: scopes('write', 'only:people') },
    requirement: { scopes: ['write', 'only:reports'] },
    verdict: { reason: 'scope.narrowed', missing: ['only:reports'] },
  },
  {
    that: 'the token is narrowed, the operation is of no narrow kind',
    principal: { scopes: scopes('write', 'only:people') },
    verdict: 'allow',
  },
  {
    that: 'a narrowing scope is never asked for by a challenge',
    principal: { scopes: scopes('read', 'only:people') },
    requirement: { scopes: ['write', 'only:reports'] },
    verdict: { reason: 'scope.missing', missing: ['write'], whole: ['read', 'write'] },
  },

  {
    that: 'the role lacks the permission',
    principal: { roles: ['viewer'] },
    verdict: { reason: 'permission.missing', missing: ['entries:write'] },
  },
  { that: 'roles add up', principal: { roles: ['billing', 'member'] }, verdict: 'allow' },
  {
    that: 'roles add up over several permissions',
    principal: { roles: ['billing', 'viewer'] },
    requirement: { permissions: ['entries:read', 'invoices:read'] },
    verdict: 'allow',
  },
  {
    that: 'each missing permission is named, and only those',
    principal: { roles: ['viewer'] },
    requirement: { permissions: ['entries:read', 'entries:write', 'invoices:read'] },
    verdict: { reason: 'permission.missing', missing: ['entries:write', 'invoices:read'] },
  },
  {
    that: 'a role nobody declared permits nothing',
    principal: { roles: ['founder'] },
    verdict: { reason: 'permission.missing', missing: ['entries:write'] },
  },
  {
    that: 'no role permits nothing',
    principal: { roles: [] },
    verdict: { reason: 'permission.missing', missing: ['entries:write'] },
  },
  {
    that: 'a key has no role: its scopes are all',
    principal: { kind: 'key', credential: 'api-key', roles: [] },
    verdict: 'allow',
  },
  {
    that: 'a key with a maker has the permissions of its role',
    principal: { kind: 'key', credential: 'api-key', maker: 'person_1', roles: ['member'] },
    verdict: 'allow',
  },
  {
    that: 'a key whose maker has left permits nothing that asks for a permission',
    principal: { kind: 'key', credential: 'api-key', maker: 'person_1', roles: [] },
    verdict: { reason: 'permission.missing', missing: ['entries:write'] },
  },
  { that: 'a service has no role: its scopes are all', principal: { kind: 'service', roles: [] }, verdict: 'allow' },
  {
    that: 'a key is held to its scopes',
    principal: { kind: 'key', credential: 'api-key', roles: [], scopes: scopes('read') },
    verdict: { reason: 'scope.missing', missing: ['write'], whole: ['read', 'write'] },
  },
]

const judge = ({ principal, tenant, requirement, rules }: Omit<Case, 'that' | 'verdict'>) =>
  decide(
    { ...PERSON, ...principal },
    tenant === 'unknown' ? undefined : { ...TENANT, ...tenant },
    { ...WRITE, ...requirement },
    { ...RULES, ...rules },
  )

for (const { that, verdict, ...given } of CASES) {
  test(`${verdict === 'allow' ? 'allows' : verdict.reason}: ${that}`, async (t) => {
    t.strictSame(judge(given), verdict === 'allow' ? { allow: true } : { allow: false, ...verdict })
  })
}

/** Each gate's fault, in the order in which the gates stand. With any two faults, the answer is that of the earlier gate. */
const FAULTS: readonly (Omit<Case, 'that' | 'verdict'> & { readonly reason: Refusal['reason'] })[] = [
  { reason: 'tenant.foreign', tenant: { tenant: 'globex' } },
  { reason: 'plan.without-mcp', tenant: { plan: 'free' } },
  { reason: 'tenant.suspended', tenant: { status: 'suspended' } },
  { reason: 'mcp.disabled', tenant: { mcp: false } },
  { reason: 'scope.missing', principal: { scopes: scopes('only:people') } },
  {
    reason: 'scope.narrowed',
    principal: { scopes: scopes('write', 'only:people') },
    requirement: { scopes: ['write', 'only:reports'] },
  },
  { reason: 'permission.missing', principal: { roles: [] } },
]

FAULTS.forEach((early, index) => {
  for (const late of FAULTS.slice(index)) {
    test(`${early.reason} comes before ${late.reason}`, async (t) => {
      const both = judge({
        principal: { ...late.principal, ...early.principal },
        tenant: { ...(late.tenant as object), ...(early.tenant as object) },
        requirement: { ...late.requirement, ...early.requirement },
      })
      t.match(both, { allow: false, reason: early.reason })
    })
  }
  test(`an unknown tenant comes before ${early.reason}`, async (t) => {
    t.match(judge({ ...early, tenant: 'unknown' }), { reason: 'tenant.unknown' })
  })
})

test('the gate of the tenant alone asks for no scope and no role', async (t) => {
  const bare = { ...PERSON, scopes: scopes(), roles: [] }
  t.strictSame(decideTenant(bare, TENANT, RULES), { allow: true })
  t.match(decideTenant(bare, undefined, RULES), { reason: 'tenant.unknown' })
  t.match(decideTenant(bare, { ...TENANT, mcp: false }, RULES), { reason: 'mcp.disabled' })
})
