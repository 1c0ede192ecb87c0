import { systemClock } from '@gatehouse/contracts'
import { t as file, test } from 'tap'
import { signInAtPages } from '../person.ts'
import { runningHouse } from '../running.ts'
import { azalt } from './azalt.ts'
import { registerProgram } from './program.ts'

file.setTimeout(120_000)

test('azalt, in one process on embedded parts', async (t) =>
  azalt(t, await runningHouse(t, { embedded: true, profile: 'azalt' })))

test('a consent request that expired says where to start again, and issues no code [Z10]', async (t) => {
  let ahead = 0
  const clock = { ...systemClock, now: () => systemClock.now() + ahead * 1_000 }
  const house = await runningHouse(t, { embedded: true, profile: 'azalt', clock })
  const program = await registerProgram(house, house.profile.paths.mcp)
  const person = { email: 'member@acme.test', password: house.secrets.demoPassword }
  const browser = await signInAtPages(house.publicUrl, person)
  const asked = program.ask({ scope: 'azalt:read' })
  const consent = await browser.open(`${asked.pathname}${asked.search}`)
  t.match(consent.html, 'name="decision"')
  ahead = 3_600
  const late = await browser.send(consent, '/oauth/authorize', { decision: 'approve' })
  t.match(late.html, 'Start again from the client')
  t.equal(late.url.origin, house.publicUrl, 'the browser stays here')
  t.notMatch(late.html, /code=/)
})
