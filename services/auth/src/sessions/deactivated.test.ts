import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { authorizeUrl, newVerifier, openHouse, registerClient, Visitor } from '../testing/house.ts'

test('a session that began while its account was being deactivated opens nothing', async (t) => {
  const house = await openHouse(t)
  const { client_id: client } = await registerClient(house)
  const visitor = new Visitor(house)
  await visitor.signIn()
  await house.db.asPlatform('test', (tx) =>
    tx.run(sql`update auth.people set deactivated_at = now() where email = 'member@acme.test'`),
  )
  t.equal((await visitor.get('/')).headers.location, '/sign-in')
  t.match((await visitor.get(authorizeUrl(client, newVerifier()))).body, 'name="password"')
})
