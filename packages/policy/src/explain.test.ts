import { test } from 'tap'
import { decide } from './decide.ts'
import { explain, GATES } from './explain.ts'
import type { Principal, Rules, TenantPolicy } from './principal.ts'

const rules: Rules = {
  plansWithMcp: new Set(['business']),
  implies: new Map(),
  permissions: new Map([
    ['owner', new Set(['write', 'purge'])],
    ['editor', new Set(['write'])],
    ['viewer', new Set<string>()],
  ]),
  narrowing: new Set(['few']),
}
const tenant: TenantPolicy = { tenant: 't', slug: 't', name: 'T', plan: 'business', status: 'active', mcp: true }
const person: Principal = {
  ...{ tenant: 't', kind: 'person', subject: 'p', credential: 'oauth', credentialId: 'j', issuedAt: 0, expiresAt: 1 },
  scopes: new Set(['use']),
  roles: ['editor'],
}
const key: Principal = { ...person, kind: 'key', credential: 'api-key', roles: [] }

test('an explanation is the decision itself, gate by gate, with what to do and who can do it [Z9]', (t) => {
  const cases: readonly [string, Principal, TenantPolicy | undefined, string[], string[], string, RegExp, string[]][] =
    [
      ['nothing', person, tenant, ['use'], ['write'], '', /Nothing stands in the way/, []],
      ['tenant', person, undefined, [], [], 'tenant.unknown', /share a bus/, []],
      ['another', person, { ...tenant, tenant: 'u' }, [], [], 'tenant.foreign', /of another organisation/, []],
      ['plan', person, { ...tenant, plan: 'free' }, [], [], 'plan.without-mcp', /The plan free has no MCP/, []],
      ['status', person, { ...tenant, status: 'suspended' }, [], [], 'tenant.suspended', /owner settles/, []],
      ['mcp', person, { ...tenant, mcp: false }, [], [], 'mcp.disabled', /An operator switches it on/, []],
      [
        'scope',
        person,
        tenant,
        ['more'],
        ['purge'],
        'scope.missing',
        /scope: more. Authorize again and ask for it/,
        [],
      ],
      ['a key', key, tenant, ['more'], [], 'scope.missing', /scope: more. Who manages the API keys .* can add it/, []],
      ['narrowed', { ...person, scopes: new Set(['use', 'few']) }, tenant, ['other'], [], 'scope.missing', /other/, []],
      ['a key is narrowed', key, tenant, ['use', 'few'], [], 'scope.narrowed', /few. Who manages the API keys/, []],
      [
        'permission',
        person,
        tenant,
        ['use'],
        ['purge'],
        'permission.missing',
        /purge. It comes with the role owner;/,
        ['owner'],
      ],
      ['nobody has it', person, tenant, [], ['fly'], 'permission.missing', /Ask an administrator/, []],
    ]
  for (const [what, who, where, scopes, permissions, reason, text, roles] of cases) {
    const requirement = { scopes, permissions }
    const told = explain(who, where, requirement, rules)
    const decision = decide(who, where, requirement, rules)
    t.equal(told.allow, decision.allow, what)
    t.equal(told.reason ?? '', reason, what)
    t.match(told.text, text, what)
    t.same(told.roles, roles, what)
    t.same(
      told.gates.map(({ gate }) => gate),
      GATES,
    )
    const refusing = told.gates.findIndex(({ answer }) => answer === 'refused')
    const after = told.gates.slice(refusing + 1)
    if (told.allow) t.ok(told.gates.every(({ answer }) => answer === 'passed'))
    else t.ok(refusing >= 0 && after.every(({ answer }) => answer === 'not-asked'), what)
  }
  t.end()
})
