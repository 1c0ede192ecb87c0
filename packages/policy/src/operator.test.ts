import { test } from 'tap'
import { administers } from './operator.ts'

const program = {
  subject: 'cli_1',
  client: 'cli_1',
  tenant: undefined,
  grant: undefined,
  scopes: new Set(['gatehouse:admin', 'other']),
}

test('a client that acts for itself, in no tenant, administers with the scope for it', async (t) => {
  t.equal(administers(program), true)
})

for (const [name, change] of [
  ['of a person, whatever its scope', { subject: 'p1' }],
  ['with a person behind it', { grant: 'g1' }],
  ['of a tenant', { tenant: 't1' }],
  ['without the scope', { scopes: new Set(['gatehouse:administer', 'gatehouse']) }],
  ['of no client', { client: undefined }],
] as const) {
  test(`a token ${name} does not administer`, async (t) => {
    t.equal(administers({ ...program, ...change }), false)
  })
}
