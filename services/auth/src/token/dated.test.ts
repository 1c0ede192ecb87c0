import { busSchema } from '@gatehouse/bus'
import type { Database } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { authSchema } from '../schema.ts'
import { ADMIN, connect, openHouse, outboxOf, refreshForm, token } from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

test('a token is no younger than what was read for it: a role that is taken meanwhile takes it along', async (t) => {
  const host = await testDatabase(t, [authSchema, busSchema])
  const db = host.as(authSchema.role)
  let afterwards = async () => {}
  const watched: Database = {
    ...db,
    async asPlatform(purpose, body) {
      const result = await db.asPlatform(purpose, body)
      if (purpose === 'refresh') await afterwards()
      return result
    },
    async writeAsPlatform(purpose, make) {
      const count = await db.writeAsPlatform(purpose, make)
      await afterwards()
      return count
    },
  }
  const house = await openHouse(t, { host, deps: { db: watched } })
  const tokens = await connect(house)
  const { sub, tenant_id, roles } = decodeJwt(tokens.access_token)
  afterwards = async () => {
    const path = `/tenants/${tenant_id}/people/${sub}`
    t.match(await operate(house, ADMIN, 'PATCH', path, { role: 'viewer' }), { httpStatus: 200 })
    // Signing waits: for a thread, for a service that holds the keys.
    house.clock.forward(3_000)
  }
  const answer = await token(house, refreshForm(tokens.client, tokens.refresh_token))
  t.equal(answer.statusCode, 200)
  const claims = decodeJwt(answer.json().access_token)
  t.same(claims.roles, roles, 'the role of before')
  const told = (await outboxOf(db)).at(-1)?.event.data
  t.match(told, { kind: 'membership', reason: 'role.changed' })
  t.ok((claims.iat ?? 0) <= Number(told?.at), 'nodes refuse what was issued up to then')
})
