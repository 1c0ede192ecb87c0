import { decodeJwt } from 'jose'
import { test } from 'tap'
import { ADMIN, connect, openHouse } from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

test('an operator is told why somebody may, or may not, do something [Z9]', async (t) => {
  const house = await openHouse(t)
  const ask = (query: Record<string, string>) => operate(house, ADMIN, 'GET', `/explain?${new URLSearchParams(query)}`)
  const [acme, globex] = house.tenants
  const { access_token } = await connect(house)
  const { sub = '', grant_id = '' } = decodeJwt(access_token) as { sub?: string; grant_id?: string }
  const viewer = acme?.people.find(({ role }) => role === 'viewer')?.id ?? ''
  const of = { tenant: acme?.id ?? '' }

  t.match(await ask({ grant: grant_id, needs: 'mcp:write', permissions: 'entries:write' }), {
    ...{ httpStatus: 200, allow: true, subject: sub, tenant: acme?.id, heldRoles: ['member'] },
  })
  t.match(await ask({ ...of, person: viewer, needs: 'mcp:read', permissions: 'entries:write' }), {
    ...{ allow: false, reason: 'permission.missing', missing: ['entries:write'], roles: ['owner', 'admin', 'member'] },
    gates: [
      ...['tenant', 'plan', 'status', 'mcp', 'scope', 'narrowing'].map((gate) => ({ gate, answer: 'passed' })),
      { gate: 'permission', answer: 'refused' },
    ],
  })
  t.match(await ask({ ...of, person: viewer, scopes: 'mcp:read', needs: 'mcp:write' }), {
    ...{ allow: false, reason: 'scope.missing', text: /Authorize again/ },
  })
  t.match(await ask({ tenant: globex?.id ?? '', person: sub }), { allow: false, reason: 'membership.ended' })
  await operate(house, ADMIN, 'PATCH', `/tenants/${acme?.id}`, { status: 'suspended' })
  t.match(await ask({ grant: grant_id }), { allow: false, reason: 'tenant.suspended' })
  await operate(house, ADMIN, 'PATCH', `/tenants/${acme?.id}`, { status: 'active', mcp: false })
  t.match(await ask({ grant: grant_id }), { allow: false, reason: 'mcp.disabled' })
  await operate(house, ADMIN, 'PATCH', `/tenants/${acme?.id}`, { mcp: true })
  await operate(house, ADMIN, 'DELETE', `/grants/${grant_id}`)
  t.match(await ask({ grant: grant_id }), { allow: false, reason: 'grant.ended', text: /Connect again/ })

  t.equal((await ask({ grant: 'grant_x' })).httpStatus, 404)
  t.equal((await ask({ key: 'key_x' })).httpStatus, 404)
  t.equal((await ask({ person: viewer })).httpStatus, 400, 'in which organisation?')
  t.equal((await ask({ person: viewer, grant: grant_id })).httpStatus, 400)
  t.equal((await ask({})).httpStatus, 400)
})
