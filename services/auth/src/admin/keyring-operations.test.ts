import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@gatehouse/testkit'
import { decodeProtectedHeader } from 'jose'
import { test } from 'tap'
import { ADMIN, connect, openHouse, refreshForm, token } from '../testing/house.ts'

const MINUTE = 60_000

test('keyrings over the admin API', async (t) => {
  const path = join(await temporaryFolder(t), 'refresh.json')
  await writeFile(path, JSON.stringify([{ id: 'mine', secret: randomBytes(32).toString('base64url') }]))
  const house = await openHouse(t, { profile: { refreshRetrySeconds: 120 } })
  const call = async (method: 'GET' | 'POST', url: string, payload?: object, on = house) =>
    on.server.inject({
      method,
      url: `/admin/v1/keyrings${url}`,
      headers: { authorization: `Bearer ${ADMIN}` },
      ...(payload === undefined ? {} : { payload }),
    })
  const statesOf = async (ring: string) => {
    const { keyrings } = (await call('GET', '')).json()
    return keyrings.find((one: { ring: string }) => one.ring === ring).keys.map((key: { state: string }) => key.state)
  }
  const signedWith = (text: string) => decodeProtectedHeader(text).kid
  const publicIds = async () => (await house.auth.jwks()).keys.map(({ kid }) => kid)

  await t.test('they are listed with ids and times, and without secrets', async (t) => {
    const answer = await call('GET', '')
    t.equal(answer.statusCode, 200)
    t.match(answer.json(), {
      keyrings: [
        { ring: 'access', keys: [{ id: String, state: 'active', createdAt: String, activeAt: String }] },
        { ring: 'id', keys: [{ state: 'active' }] },
        { ring: 'refresh', keys: [{ state: 'active' }] },
      ],
    })
    t.notMatch(answer.body, /secret|sealed|PRIVATE/)
    const stranger = await house.server.inject({ url: '/admin/v1/keyrings' })
    t.equal(stranger.statusCode, 401)
    t.equal((await house.server.inject({ method: 'POST', url: '/admin/v1/keyrings/access/rotate' })).statusCode, 401)
  })

  await t.test('a rotation publishes first and signs later; a second command changes nothing [A-JK-03]', async (t) => {
    const before = await connect(house)
    const answer = await call('POST', '/access/rotate', {})
    t.equal(answer.statusCode, 200)
    const { newest } = answer.json()
    t.same(await statesOf('access'), ['active', 'published'])
    t.ok((await publicIds()).includes(newest))
    t.equal((await call('POST', '/access/rotate')).json().newest, newest)
    t.equal(signedWith((await connect(house)).access_token), signedWith(before.access_token))
    house.clock.forward(16 * MINUTE)
    t.equal(signedWith((await connect(house)).access_token), newest)
    t.same(await statesOf('access'), ['kept', 'active'])
    house.clock.forward(26 * 60 * MINUTE)
    t.same(await statesOf('access'), ['active'])
  })

  await t.test('in an emergency the old key is dropped at once, and what it signed is refused [A-JK-03]', async (t) => {
    const tokens = await connect(house, { scope: 'openid mcp:read offline_access' })
    const userinfo = async (bearer: string) =>
      (await house.server.inject({ url: '/oauth/userinfo', headers: { authorization: `Bearer ${bearer}` } })).statusCode
    t.equal(await userinfo(tokens.access_token), 200)
    const { newest, keys } = (await call('POST', '/access/rotate', { now: true, retireOthers: true })).json()
    t.equal(keys.length, 1)
    t.equal(await userinfo(tokens.access_token), 401)
    const answer = await token(house, refreshForm(tokens.client, tokens.refresh_token))
    t.equal(answer.statusCode, 200, 'who holds a refresh token goes on')
    t.equal(signedWith(answer.json().access_token), newest)
    t.equal(await userinfo(answer.json().access_token), 200)
  })

  await t.test('what cannot be rotated is refused', async (t) => {
    t.equal((await call('POST', '/nothing/rotate')).statusCode, 404)
    t.equal((await call('POST', '/access/rotate', { retireOthers: true })).statusCode, 400)
    t.equal((await call('POST', '/access/rotate', { soon: true })).statusCode, 400)
    const other = await openHouse(t, { host: house.host, deps: { keyringFiles: { refresh: path } } })
    const answer = await call('POST', '/refresh/rotate', {}, other)
    t.equal(answer.statusCode, 409)
    const { client, refresh_token } = await connect(other)
    t.equal((await token(other, refreshForm(client, refresh_token))).statusCode, 200, 'a ring in a file is used')
  })
})
