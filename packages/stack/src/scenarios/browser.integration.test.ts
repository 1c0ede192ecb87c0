import { browser, eventually } from '@gatehouse/testkit'
import { test } from 'tap'
import { openBrowsedHouse, press, registerProgram, serve, serveCallback, signIn } from './browsing.ts'
import { arriveAt, barriers, open, openSignedIn, textOf } from './watching.ts'

/** A page that has loaded is drawn so soon. */
const DRAWN_MS = 10_000

/** In the page: what has the focus, and whether one can see that. */
const FOCUSED = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  const { top, width, height } = document.activeElement.getBoundingClientRect()
  const outlined = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
  const name = document.activeElement.textContent.trim() || document.activeElement.getAttribute('name')
  return { name, seen: outlined && top >= 0 && width * height > 0 }
})()`

test('a person in a browser', async (t) => {
  let offset = 0
  const house = await openBrowsedHouse(t, { clock: { now: () => Date.now() + offset } })
  const launched = await browser(t)
  const callback = await serveCallback(t)
  const program = await registerProgram(house, 'Scenario program', callback)
  const mcp = (token: string) =>
    fetch(house.mcpUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    })

  await t.test('signs in, allows, denies, revokes and signs out; no page has a fault or a barrier', async (t) => {
    const { page, complaints } = await open(t, launched)
    const found: string[] = []
    const look = async () => found.push(...(await barriers(page)))
    const asked = program.ask()
    await page.goto(asked.href)
    await look()
    await signIn(page, 'not the password')
    await page.getByText('Email or password is wrong.').waitFor()
    t.equal(await page.getByLabel('Email').inputValue(), 'owner@acme.test', 'the email is kept')
    t.equal(await page.getByLabel('Password').inputValue(), '')
    await look()
    await signIn(page, house.password)
    const consent = await textOf(page)
    for (const fact of [
      'Allow Scenario program to use Align?',
      'Access goes to this computer',
      'Read your projects, entries, comments and releases',
      'Create entries, change their status',
      'Acme Industries',
      new URL(callback).host,
      house.mcpUrl,
    ]) {
      t.ok(consent.includes(fact), fact)
    }
    await look()
    await press(page, 'Allow')
    await page.waitForURL('**/oauth/return?*')
    await look()
    await page.waitForURL(`${callback}?*`)
    const answer = new URL(page.url())
    t.equal(await page.title(), 'Connected')
    t.match(Object.fromEntries(answer.searchParams), {
      code: /^\S{43}$/,
      state: asked.searchParams.get('state') ?? 'none',
      iss: house.publicUrl,
    })
    const tokens = await program.exchange(answer)
    t.equal((await mcp(tokens.access_token)).status, 200)

    await page.goto(program.ask().href)
    t.match(await textOf(page), 'Allow Scenario program', 'a public client on loopback is asked for every time')
    await press(page, 'Deny')
    await page.waitForURL('**/oauth/return?*')
    await look()
    await page.waitForURL(`${callback}?*`)
    t.match(new URL(page.url()).searchParams.get('error'), 'access_denied')
    t.notOk(new URL(page.url()).searchParams.has('code'))

    await page.goto(house.publicUrl)
    t.equal(await page.getByLabel('MCP server address').inputValue(), house.mcpUrl)
    await look()
    await page.getByRole('link', { name: 'Authorized apps', exact: true }).click()
    t.match(await textOf(page), /Scenario program.*Acme Industries/)
    await look()
    await press(page, 'Revoke Scenario program')
    await page.getByText('Scenario program no longer has access.').waitFor()
    await eventually(
      1_000,
      'the access token to be refused',
      async () => (await mcp(tokens.access_token)).status === 401,
    )
    t.match(await (await program.refresh(tokens.refresh_token)).json(), { error: 'invalid_grant' })
    t.match(await textOf(page), 'No application has access')
    await look()
    await press(page, 'Sign out')
    t.match(await textOf(page), 'You are signed out')
    await look()
    await page.goto(house.appsUrl)
    t.equal(new URL(page.url()).pathname, '/sign-in')
    t.same(found, [])
    t.same(complaints, [])
  })

  await t.test('would hear of a breach of the policy of a page', async (t) => {
    const { page, complaints } = await open(t, launched)
    await page.goto(program.ask().href)
    t.same(complaints, [])
    await page.evaluate("document.body.append(Object.assign(new Image(), { src: 'https://elsewhere.example/' }))")
    await eventually(2_000, 'the breach to be heard of', () =>
      complaints.some((complaint) => complaint.startsWith('img-src forbids https://elsewhere.example/')),
    )
  })

  await t.test('is told, and sent nowhere, when the client or its redirect is not a known one', async (t) => {
    const { page, complaints } = await open(t, launched)
    for (const [changes, says] of [
      [{ client_id: 'cli_nobody' }, 'This application is not known here'],
      [{ redirect_uri: 'https://elsewhere.example/' }, 'This application cannot be connected this way'],
    ] as const) {
      const asked = program.ask(changes).href
      t.equal((await page.goto(asked))?.status(), 400)
      t.equal(page.url(), asked)
      t.match(await textOf(page), says)
      t.same(await barriers(page), [])
    }
    t.same(complaints, [])
  })

  await t.test('needs no script, from sign-in to the callback', async (t) => {
    const { page, complaints } = await open(t, launched, { javaScriptEnabled: false })
    await page.goto(program.ask().href)
    await signIn(page, house.password)
    await press(page, 'Allow')
    await page.waitForURL(`${callback}?code=*`)
    t.same(complaints, [])
  })

  await t.test('needs no mouse: every stop of Tab is seen, and Deny comes before Allow', async (t) => {
    const { page } = await open(t, launched)
    const stops = async (last: string) => {
      const names: string[] = []
      while (names.at(-1) !== last && names.length < 12) {
        await page.keyboard.press('Tab')
        const { name, seen } = await page.evaluate<{ name: string; seen: boolean }>(FOCUSED)
        t.ok(seen, `${name} has a visible focus`)
        names.push(name)
      }
      return names
    }
    await page.goto(program.ask().href)
    // The browser gives the focus when it first draws the page, which may be after it has loaded.
    await eventually(DRAWN_MS, 'the first field to have the focus', async () => {
      return (await page.evaluate<{ name: string }>(FOCUSED)).name === 'email'
    })
    await page.keyboard.type('owner@acme.test')
    t.same(await stops('password'), ['password'], 'the first field has the focus')
    await page.keyboard.type(house.password)
    t.same(await stops('Sign in'), ['Sign in'])
    await page.keyboard.press('Enter')
    await arriveAt(page, 'Allow')
    t.same(await stops('Allow'), ['Skip to content', 'Deny', 'Allow'])
    await page.keyboard.press('Enter')
    await page.waitForURL('**/oauth/return?*')
    t.same(await stops('Continue to Scenario program'), ['Skip to content', 'Continue to Scenario program'])
    await page.keyboard.press('Enter')
    await page.waitForURL(`${callback}?code=*`)
  })

  await t.test('whose form another origin posts is not believed, even with cookie and token', async (t) => {
    const { page } = await openSignedIn(t, launched, house)
    await page.goto(program.ask().href)
    const hidden = async (name: string) => (await page.locator(`form [name=${name}]`).first().inputValue()) ?? ''
    const [csrf, transaction] = [await hidden('csrf'), await hidden('transaction')]
    const forms: readonly (readonly [action: string, fields: Record<string, string>])[] = [
      ['/oauth/authorize', { csrf, transaction, decision: 'approve' }],
      ['/sign-in', { csrf, email: 'member@globex.test', password: house.password }],
      [`${new URL(house.appsUrl).pathname}/revoke`, { csrf, consent: 'con_x' }],
      ['/sign-out', { csrf }],
    ]
    for (const [action, fields] of forms) {
      const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`)
      const form = `<form method="post" action="${house.publicUrl}${action}">${inputs.join('')}<button>Win</button></form>`
      // `localhost` on another port is the same site, so that the cookie comes along; `127.0.0.1` is another one.
      for (const host of ['localhost', '127.0.0.1']) {
        const origin = await serve(t, host, (_request, response) => {
          response.setHeader('content-type', 'text/html').end(form)
        })
        await page.goto(origin)
        const answered = page.waitForResponse((response) => response.request().method() === 'POST')
        await press(page, 'Win')
        const { status, location } = await answered.then(async (response) => ({
          status: response.status(),
          location: await response.headerValue('location'),
        }))
        // Without its cookie it comes from nobody, who may sign in.
        const asNobody = host === '127.0.0.1' && action.endsWith('/revoke')
        t.same({ status, location }, asNobody ? { status: 303, location: '/sign-in' } : { status: 403, location: null })
        if (!asNobody) t.match(await textOf(page), 'This form could not be accepted', `${action} from ${host}`)
      }
    }
    await page.goto(house.publicUrl)
    t.match(await page.locator('.who').textContent(), 'owner@acme.test', 'still signed in as before')
  })

  await t.test('who took too long is told to start again from the client', async (t) => {
    const { page } = await openSignedIn(t, launched, house)
    await page.goto(program.ask().href)
    offset += 16 * 60_000
    await press(page, 'Allow')
    t.match(await textOf(page), 'This request has expired')
    t.match(await textOf(page), 'Start again from the client.')
    t.same(await barriers(page), [])
  })
})
