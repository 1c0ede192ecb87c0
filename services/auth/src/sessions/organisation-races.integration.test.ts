import { openDatabase, sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { putRule, removeRule } from '../client-hosts/change-rules.ts'
import {
  authorize,
  CALLBACK,
  exchangeForm,
  newVerifier,
  openHouse,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''

test('a client that is denied while its person selects the organisation, and it refreshes, holds nothing afterwards', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 12 })
  t.teardown(() => host.close())
  const tenancy = { by: 'account', account: 'follow', host: '{tenant}.{host}', issuer: 'origin' } as const
  const house = await openHouse(t, { host, profile: { tenancy } })
  const [acme, globex] = house.tenants.map(({ id }) => id)
  if (acme === undefined || globex === undefined) throw new Error('two organisations')
  const profile = { ...loadProfile('align'), tenancy }
  const rule = { host: new URL(CALLBACK).hostname, rule: 'deny' } as const
  const change = <T>(run: (tx: Parameters<typeof putRule>[0]) => Promise<T>) => house.db.asPlatform('test', run)
  const person = new Visitor(house)
  await person.signIn('consultant@example.test')
  const select = async (tenant: string) => {
    const csrf = csrfOf((await person.get('/')).body)
    return () => person.post('/settings/organisation', { csrf, tenant })
  }

  for (let round = 0; round < 5; round += 1) {
    await (await select(acme))()
    const connections = []
    for (let n = 0; n < 3; n += 1) {
      const { client_id: client } = await registerClient(house)
      const verifier = newVerifier()
      const code = (await authorize(house, client, verifier, {}, person)).get('code') ?? ''
      connections.push({ client, ...(await token(house, exchangeForm(client, code, verifier))).json() })
    }
    const go = await select(globex)
    const [switched, changed, ...refreshed] = await Promise.all([
      go(),
      change((tx) => putRule(tx, globex, rule, { now: new Date(house.clock.now()), profile })),
      ...connections.flatMap(({ client, refresh_token }) => [
        token(house, refreshForm(client, refresh_token)),
        token(house, refreshForm(client, refresh_token)),
      ]),
    ])
    t.equal(switched.statusCode, 303)
    t.equal(changed.kind, 'changed')
    t.ok(
      refreshed.every(({ statusCode }) => statusCode === 200 || statusCode === 400),
      'each was answered',
    )
    const left = await change((tx) =>
      tx.one<{ count: number }>(sql`select count(*)::integer as count from auth.grants where ended_at is null`),
    )
    t.same(left, { count: 0 }, `round ${round}`)
    await change((tx) => removeRule(tx, globex, rule.host, { now: new Date(house.clock.now()), profile }))
  }
})
