import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { browser, freePort } from '@gatehouse/testkit'
import { test } from 'tap'
import { authorizeUrl, newVerifier, openHouse, PASSWORD, registerClient } from '../testing/house.ts'

test('a person signs in and allows a client in a real browser, and lands at its loopback callback [CF-11, A-LN-06]', async (t) => {
  const callbacks: string[] = []
  const listener = createHttpServer((request, response) => {
    callbacks.push(request.url ?? '')
    response.setHeader('content-type', 'text/html').end('<title>Connected</title>')
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => listener.close())
  const callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`

  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const house = await openHouse(t, { deps: { publicUrl } })
  await house.server.listen({ host: 'localhost', port })
  const { client_id: client } = await registerClient(house, { redirect_uris: ['http://127.0.0.1/callback'] })

  const page = await (await browser(t)).newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(publicUrl + authorizeUrl(client, newVerifier(), { redirect_uri: callback }))
  await page.fill('[name=email]', 'member@acme.test')
  await page.fill('[name=password]', 'wrong')
  await page.click('button.primary')
  t.match(await page.textContent('main'), 'Email or password is wrong.')
  await page.fill('[name=password]', PASSWORD)
  await page.click('button.primary')
  t.match(await page.textContent('h1'), 'Test client')
  await page.click('[name=decision][value=approve]')
  await page.waitForURL(`${callback}*`)
  t.equal(await page.title(), 'Connected')
  const arrived = new URL(callbacks.find((url) => url.startsWith('/callback')) ?? '', callback).searchParams
  t.match(arrived.get('code'), /^[A-Za-z0-9_-]{43}$/)
  t.equal(arrived.get('iss'), publicUrl)

  await page.goto(`${publicUrl}/settings/developer/authorized-apps`)
  await page.click('button.danger')
  t.match(await page.textContent('main'), 'Test client no longer has access.')
  await page.click('text=Sign out')
  t.match(await page.textContent('h1'), 'You are signed out')
  t.same(
    problems.filter((problem) => !problem.includes('403')),
    [],
    'nothing was blocked by the content security policy',
  )
})
