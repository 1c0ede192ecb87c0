import { browser, freePort } from '@gatehouse/testkit'
import { test } from 'tap'
import { ADMIN, authorizeUrl, newVerifier, openHouse, PASSWORD, registerClient } from '../testing/house.ts'
import { configured, openUpstream, operate } from '../testing/upstream.ts'

test('in a real browser: from a client to another provider, back to consent and to the client; sessions, and out again [A-LN-06, A-LN-07]', async (t) => {
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const upstream = await openUpstream(t, [`${publicUrl}/sign-in/corp/callback`])
  upstream.accounts.set('nia', { email: 'nia@acme.test', email_verified: true, name: 'Nia Otieno' })
  const house = await openHouse(t, { deps: { publicUrl, upstream: [configured(upstream)] } })
  await operate(house, ADMIN, 'PATCH', `/tenants/${house.tenants[0]?.id}/sign-in-policies/corp`, {
    policy: 'join',
    domains: ['acme.test'],
    role: 'member',
  })
  await house.server.listen({ host: 'localhost', port })
  const callback = `http://127.0.0.1:${await freePort()}/callback`
  const { client_id: client } = await registerClient(house, { redirect_uris: [callback] })

  const context = await (await browser(t)).newContext()
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.route(`${callback}*`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>Connected</title>' }),
  )
  await page.goto(publicUrl + authorizeUrl(client, newVerifier(), { redirect_uri: callback, login_hint: 'nia' }))
  await page.click('text=Sign in with Corp SSO')
  await page.waitForURL(`${upstream.issuer}/interaction/*`)
  t.equal(upstream.asked.at(-1)?.login_hint, 'nia')
  await page.fill('[name=account]', 'nia')
  await page.click('text=Go on')
  await page.waitForURL(`${publicUrl}/oauth/authorize?transaction=*`)
  t.match(await page.textContent('main'), 'Nia Otieno')
  await page.click('[name=decision][value=approve]')
  await page.waitForURL(`${callback}*`)
  t.equal(await page.title(), 'Connected')

  // The keyboard alone is enough, and a page that was asked for signed out comes after the sign-in.
  await page.goto(`${publicUrl}/settings/security`)
  t.match(await page.textContent('.rows'), /Chrome on Linux[\s\S]*with Corp SSO/)
  t.equal(await page.locator('[name=current]').count(), 0, 'who has no password is not asked for one')
  await page.getByRole('button', { name: 'Sign out everywhere' }).focus()
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=in every browser')
  await page.goto(`${publicUrl}/settings/security`)
  await page.fill('[name=email]', 'member@acme.test')
  await page.fill('[name=password]', PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${publicUrl}/settings/security`)
  t.match(await page.textContent('h1'), 'Security')
  await page.goto(`${publicUrl}/oauth/logout`)
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.waitForSelector('text=You are signed out')
  const missing = await page.goto(`${publicUrl}/setings`)
  t.equal(missing?.status(), 404)
  t.match(await page.textContent('h1'), 'There is no such page')
  t.same(
    problems.filter((problem) => !/404/.test(problem)),
    [],
    'nothing was blocked by the content security policy',
  )
})
