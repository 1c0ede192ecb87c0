import { sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { test } from 'tap'
import { askAt, openPlace, type Place } from '../testing/doomed.ts'
import { refreshForm, token } from '../testing/house.ts'

const WITHIN_MS = 10_000

const isSpent = ({ house }: Place, grant: string): Promise<boolean> =>
  house.db.asPlatform('test', async (tx) => {
    const found = await tx.maybe(sql`select from auth.codes where grant_id = ${grant} and consumed_at is not null`)
    return found !== undefined
  })

const families = ({ house }: Place, grant: string): Promise<number> =>
  house.db.asPlatform('test', async (tx) => {
    const { count } = await tx.one<{ count: number }>(
      sql`select count(*)::integer as count from auth.refresh_tokens where grant_id = ${grant} and generation = 0`,
    )
    return count
  })

test('a node that is killed before the commit leaves the code usable [A-AC-01]', async (t) => {
  const place = await openPlace(t)
  const { process, origin } = await place.doomed()
  const { form, grant } = await place.code()
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  // Holds the row that the exchange needs, so that it is in the middle of its transaction when its process dies.
  const holding = place.house.db.asPlatform('test', async (tx) => {
    await tx.run(sql`select from auth.grants where id = ${grant} for update`)
    await released
  })
  const lost = askAt(origin, form)
  const waiting = () =>
    place.house.db.asPlatform('test', (tx) =>
      tx.maybe(sql`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`),
    )
  await eventually(WITHIN_MS, 'the exchange to wait for the grant', waiting)
  process.kill('SIGKILL')
  t.equal(await lost, undefined, 'nobody was answered')
  release()
  await holding
  await eventually(WITHIN_MS, 'the transaction of the dead to be gone', async () => (await waiting()) === undefined)
  t.equal(await isSpent(place, grant), false)
  const answer = await token(place.house, form)
  t.equal(answer.statusCode, 200)
  t.equal(await families(place, grant), 1)
  t.equal((await token(place.house, refreshForm(place.client, answer.json().refresh_token))).statusCode, 200)
})

test('a node that is killed after the commit leaves the code spent: a second exchange is refused and no token is alive [A-AC-03]', async (t) => {
  const place = await openPlace(t)
  const { process, origin } = await place.doomed()
  const { form, grant } = await place.code()
  const lost = askAt(origin, form)
  await eventually(WITHIN_MS, 'the commit', () => isSpent(place, grant))
  process.kill('SIGKILL')
  const answered = await lost
  t.match((await token(place.house, form)).json(), { error: 'invalid_grant' })
  t.equal(await families(place, grant), 1)
  const { ended } = await place.house.db.asPlatform('test', (tx) =>
    tx.one<{ ended: boolean }>(sql`select ended_at is not null as ended from auth.grants where id = ${grant}`),
  )
  t.equal(ended, true, 'what the lost answer gave is dead')
  if (answered?.refresh_token !== undefined) {
    const again = await token(place.house, refreshForm(place.client, answered.refresh_token))
    t.match(again.json(), { error: 'invalid_grant' })
  }
})
