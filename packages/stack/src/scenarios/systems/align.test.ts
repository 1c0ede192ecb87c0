import { systemClock } from '@gatehouse/contracts'
import { t as file, test } from 'tap'
import { runningHouse } from '../running.ts'
import { ask, rpc } from '../wire.ts'
import { alignAccounts } from './align-accounts.ts'
import { alignServer } from './align-server.ts'
import { registerProgram } from './program.ts'

file.setTimeout(170_000)

test('align, in one process on embedded parts', async (t) => {
  let ahead = 0
  const house = await runningHouse(t, { embedded: true, clock: { now: () => systemClock.now() + ahead * 1_000 } })
  await t.test('who may come in', (t) => alignAccounts(t, house))
  await t.test('what clients do', (t) => alignServer(t, house))

  await t.test('an access token ends after an hour, a refresh token after 30 days [L7, L21]', async (t) => {
    const program = await registerProgram(house)
    const { access_token, refresh_token } = await program.tokens('member@acme.test')
    const status = async () => (await ask(`${house.publicUrl}/mcp`, rpc(access_token, 'tools/list'))).status
    const refresh = (token: string) => program.token({ grant_type: 'refresh_token', refresh_token: token })
    ahead = 3_500
    t.equal(await status(), 200)
    // Clocks of different machines may differ by half a minute.
    ahead = 3_600 + 60
    t.equal(await status(), 401)
    ahead = 29 * 86_400
    const renewed = await refresh(refresh_token)
    t.equal(renewed.status, 200)
    ahead += 31 * 86_400
    t.match(await refresh(renewed.body.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
  })
})
