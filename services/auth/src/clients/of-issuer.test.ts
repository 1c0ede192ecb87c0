import { test } from 'tap'
import { type Home, isAtHome, isOfIssuer } from './of-issuer.ts'

const own: Home = { tenantId: undefined }
const acme: Home = { tenantId: 'acme' }
const globex: Home = { tenantId: 'globex' }

test('a client is one issuer’s, where each tenant has one [O3]', (t) => {
  const of = (kind: 'dynamic' | 'registered' | 'metadata', issuerTenantId: string | null, tenantId: string | null) => ({
    ...{ kind, issuerTenantId, tenantId },
  })
  const cases: readonly [string, ReturnType<typeof of>, readonly (Home | undefined)[]][] = [
    ['registered itself at a host', of('dynamic', 'acme', null), [acme]],
    ['registered itself at the own host', of('dynamic', null, null), [own]],
    ['registered for a tenant', of('registered', null, 'acme'), [acme]],
    ['registered for none', of('registered', null, null), [own]],
    ['known by its document', of('metadata', null, null), [own, acme, globex]],
  ]
  for (const [what, client, homes] of cases) {
    for (const home of [own, acme, globex]) t.equal(isOfIssuer(client, home), homes.includes(home), what)
    t.ok(isOfIssuer(client, undefined), `${what}; there is one issuer`)
  }
  t.ok(isAtHome({ tenantId: 'acme' }, acme))
  t.notOk(isAtHome({ tenantId: 'acme' }, globex))
  t.ok(isAtHome({ tenantId: 'acme' }, own))
  t.ok(isAtHome({ tenantId: 'acme' }, undefined))
  t.end()
})
