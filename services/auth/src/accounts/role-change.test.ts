import { decodeJwt } from 'jose'
import { test } from 'tap'
import { connect, openHouse, outboxOf, refreshForm, token } from '../testing/house.ts'
import { changeRole, removeMember } from './members.ts'

test('a token names the change of role that it was made after, and changes in one second are told one after the other [Z9]', async (t) => {
  const house = await openHouse(t)
  const { client, ...first } = await connect(house)
  const { sub: person = '', tenant_id: tenant } = decodeJwt<{ tenant_id: string }>(first.access_token)
  let refreshToken = first.refresh_token
  const refreshed = async () => {
    const answer = (await token(house, refreshForm(client, refreshToken))).json()
    refreshToken = answer.refresh_token
    return decodeJwt<{ roles: string[]; roles_at: number; iat: number }>(answer.access_token)
  }
  /** As which the last revocation of the membership is dated. */
  const told = async (): Promise<number> => {
    const membership = (await outboxOf(house.db)).filter(({ subject }) => subject.includes('.membership.'))
    return Number(membership.at(-1)?.event.data.at)
  }
  t.notOk('roles_at' in decodeJwt(first.access_token), 'nothing has changed yet')
  const dates: number[] = []
  for (const role of ['admin', 'viewer', 'admin', 'member']) {
    await house.db.asPlatform('test', (tx) => changeRole(tx, person, tenant, role))
    const claims = await refreshed()
    t.same([claims.roles, claims.roles_at], [[role], await told()])
    dates.push(claims.roles_at)
  }
  for (const [index, date] of dates.entries()) t.ok(index === 0 || date > (dates[index - 1] ?? 0), 'each is later')
  await house.db.asPlatform('test', (tx) => removeMember(tx, person, tenant, new Date()))
  t.ok((await told()) > (dates.at(-1) ?? 0), 'who leaves takes all of them along')
})
