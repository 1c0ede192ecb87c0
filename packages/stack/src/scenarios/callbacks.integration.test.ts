import { browser, eventually, freePort } from '@gatehouse/testkit'
import { test } from 'tap'
import { openBrowsedHouse, press, registerProgram, serve, serveCallback, signIn } from './browsing.ts'
import { barriers, open, openSignedIn, textOf } from './watching.ts'

test('a person who has answered', async (t) => {
  const house = await openBrowsedHouse(t)
  const launched = await browser(t)

  await t.test('is led back to a callback that sends the browser on to other origins', async (t) => {
    const { page, complaints } = await openSignedIn(t, launched, house)
    const end = await serveCallback(t, 'localhost')
    const relay = await serve(t, '127.0.0.1', (_request, response) => response.writeHead(302, { location: end }).end())
    const relayed = await registerProgram(house, 'Relayed program', `${relay}/callback`)
    await page.goto(relayed.ask().href)
    await press(page, 'Allow')
    await page.waitForURL(end)
    t.equal(await page.title(), 'Connected')

    const hosted = await registerProgram(house, 'Hosted application', 'https://client.example/callback')
    await page.route('https://client.example/**', (route) => route.fulfill({ status: 302, headers: { location: end } }))
    const arrived = page.waitForRequest('https://client.example/callback?code=*')
    await page.goto(hosted.ask().href)
    await press(page, 'Allow')
    await arrived
    await page.waitForURL(end)
    t.same(complaints, [])
  })

  await t.test('comes back through sign-in, unasked, where it was allowed before', async (t) => {
    const { page, complaints } = await open(t, launched)
    const end = await serveCallback(t, 'localhost')
    const hosted = await registerProgram(house, 'Hosted application', 'https://client.example/callback')
    await page.route('https://client.example/**', (route) => route.fulfill({ status: 302, headers: { location: end } }))
    await page.goto(hosted.ask().href)
    await signIn(page, house.password)
    await press(page, 'Allow')
    await page.waitForURL(end)
    await page.goto(house.publicUrl)
    await press(page, 'Sign out')
    await page.goto(hosted.ask().href)
    await signIn(page, house.password)
    await page.waitForURL(end)
    t.same(complaints, [])
  })

  await t.test('is led to an IPv6 loopback callback', async (t) => {
    const { page, complaints } = await openSignedIn(t, launched, house)
    const ipv6 = await serveCallback(t, '::1')
    await page.goto((await registerProgram(house, 'IPv6 program', ipv6)).ask().href)
    await press(page, 'Allow')
    await page.waitForURL(`${ipv6}?code=*`)
    t.same(complaints, [])
  })

  await t.test('has the page with the address left when the callback opens an installed application', async (t) => {
    const { page } = await openSignedIn(t, launched, house)
    const installed = await registerProgram(house, 'Installed', 'cursor://anysphere.cursor-mcp/oauth/callback')
    await page.goto(installed.ask().href)
    t.match(await textOf(page), 'Whichever app opens cursor: links here will receive it.')
    const devtools = await page.context().newCDPSession(page)
    const tried: string[] = []
    devtools.on('Page.frameRequestedNavigation', ({ url }) => tried.push(url))
    await devtools.send('Page.enable')
    await press(page, 'Allow')
    await eventually(5_000, 'the page to open the application by itself', () =>
      tried.some((url) => url.startsWith('cursor://anysphere.cursor-mcp/oauth/callback?code=')),
    )
    const link = page.getByRole('link', { name: 'Continue to Installed' })
    t.match(await link.getAttribute('href'), /^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=/)
    t.match(await page.getByLabel('Address to copy').inputValue(), /^cursor:.*code=/)
    t.same(await barriers(page), [])
  })

  await t.test('copies the address of a callback that cannot be reached, and it works', async (t) => {
    const { page } = await openSignedIn(t, launched, house)
    const nowhere = `http://127.0.0.1:${await freePort()}/callback`
    const away = await registerProgram(house, 'Far away', nowhere)
    await page.goto(away.ask().href)
    await press(page, 'Allow')
    await page.waitForURL('**/oauth/return?*')
    await eventually(10_000, 'the browser to give up', () => page.url().startsWith('chrome-error:'))
    // The page of the failure is still being put in place when its address shows.
    await eventually(10_000, 'the page before', async () => {
      await page.goBack().catch(() => undefined)
      return page.url().includes('/oauth/return')
    })
    const copied = await page.getByLabel('Address to copy').inputValue()
    t.ok(copied.startsWith(`${nowhere}?code=`))
    t.notOk('refresh' in ((await page.reload())?.headers() ?? {}), 'it stays')
    t.same(await barriers(page), [])
    t.ok((await away.exchange(new URL(copied))).access_token)
    const other = await open(t, launched)
    await other.page.goto(page.url())
    t.match(await textOf(other.page), 'This request has expired', 'the link is good in this browser only')
  })
})
