import { test } from 'tap'
import { authorizeUrl, formOf, newVerifier, openHouse, registerClient, Visitor } from '../testing/house.ts'

test('a request that asks for a sign-in cannot be approved before it, however fresh the session is', async (t) => {
  const house = await openHouse(t)
  const { client_id: client } = await registerClient(house)
  const person = new Visitor(house)
  await person.signIn()
  for (const asked of [{ prompt: 'login' }, { max_age: '0' }, { prompt: 'select_account' }]) {
    const page = await person.get(authorizeUrl(client, newVerifier(), asked))
    t.match(page.body, 'name="password"')
    const answer = await person.post('/oauth/authorize', { ...formOf(page.body).hidden, decision: 'approve' })
    t.equal(answer.statusCode, 400)
    t.notOk(answer.headers.location)
  }
})
