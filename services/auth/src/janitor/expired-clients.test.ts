import { silentLogger } from '@gatehouse/telemetry'
import { type Test, test } from 'tap'
import {
  authorize,
  authorizeUrl,
  connect,
  exchangeForm,
  type House,
  newVerifier,
  openHouse,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { CHORES } from './chores.ts'
import { cleanUp } from './janitor.ts'

const DAY = 24 * 3_600_000
const profile = { refreshTokenSeconds: (30 * DAY) / 1_000 }

/** And the janitor comes three times after them: what it leaves is gone in its next round. */
async function daysPass(house: House, days: number): Promise<void> {
  house.clock.forward(days * DAY)
  for (let round = 0; round < 3; round += 1) {
    await cleanUp(CHORES, { db: house.db, clock: house.clock, log: silentLogger, profile })
  }
}

/** On the page and, with what the client may still hold, at the token endpoint. */
async function isTold(t: Test, house: House, client: string, form: Record<string, string>, words: RegExp) {
  const page = await new Visitor(house).get(authorizeUrl(client, newVerifier()))
  t.equal(page.statusCode, 400)
  t.equal(page.headers.location, undefined, 'nothing is redirected')
  t.match(page.body, words)
  t.match(page.body, /add it again/)
  const answer = await token(house, form)
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { error: 'invalid_client', error_description: words })
  t.match(answer.json().error_description, /Register again/)
}

const EXPIRED = /registration .*has expired/i
const UNKNOWN = /not known/

test('a client that never came for a token is told after a day that its registration has expired, and after a month that it is not known; a new one works', async (t) => {
  const house = await openHouse(t, { profile })
  const { client_id: client } = await registerClient(house)
  const form = exchangeForm(client, 'a-code', newVerifier())
  await daysPass(house, 2)
  await isTold(t, house, client, form, EXPIRED)
  await daysPass(house, 29)
  await isTold(t, house, client, form, EXPIRED)
  await daysPass(house, 2)
  await isTold(t, house, client, form, UNKNOWN)
  const { client_id: again } = await registerClient(house)
  t.not(again, client)
  t.ok((await authorize(house, again, newVerifier())).get('code'))
})

test('a client of a person who was away for long is told the same of its last refresh token; one that came meanwhile is kept', async (t) => {
  const house = await openHouse(t, { profile })
  const gone = await connect(house)
  let kept = await connect(house)
  for (const days of [25, 25, 25]) {
    await daysPass(house, days)
    const answer = await token(house, refreshForm(kept.client, kept.refresh_token))
    t.equal(answer.statusCode, 200)
    kept = { ...kept, ...answer.json() }
  }
  await daysPass(house, 16)
  await isTold(t, house, gone.client, refreshForm(gone.client, gone.refresh_token), EXPIRED)
  t.ok((await authorize(house, kept.client, newVerifier())).get('code'), 'the other is let in')
  await daysPass(house, 31)
  await isTold(t, house, gone.client, refreshForm(gone.client, gone.refresh_token), UNKNOWN)
})
