import { browser } from '@gatehouse/testkit'
import type { Page } from 'playwright-core'
import { type Test, test, t as wholeFile } from 'tap'
import { press, signIn } from '../scenarios/browsing.ts'
import { type Running, runningHouse } from '../scenarios/running.ts'

wholeFile.setTimeout(120_000)
const running = await runningHouse(wholeFile)
const launched = await browser(wholeFile)
const activity = `${running.publicUrl}/activity`

/** A call of acme's demo key. */
async function call({ publicUrl, secrets, profile }: Running, name: string): Promise<void> {
  const version = '2026-07-28'
  const answer = await fetch(`${publicUrl}${profile.paths.mcp}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secrets.demoApiKey}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: { q: 'export' },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  })
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
  await answer.text()
}

async function open(t: Test, email: string, options: { readonly javaScriptEnabled?: boolean } = {}) {
  const context = await launched.newContext(options)
  t.teardown(() => context.close())
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(activity)
  await signIn(page, running.secrets.demoPassword, email)
  return { page, problems, context }
}

/** Allows what the page asks for, and is back on it. */
async function allow(page: Page): Promise<void> {
  await press(page, 'Allow')
  await page.waitForURL(/\/activity(\?|$)/)
}

const rowsOf = (page: Page, tool: string) => page.locator('#entries tr', { hasText: tool })

test('an administrator browses the activity of the organisation and sees new calls as they come [U9]', async (t) => {
  await call(running, 'search.global')
  const { page, problems } = await open(t, 'owner@acme.test')
  const consent = (await page.locator('main').textContent()) ?? ''
  t.match(consent, 'Align registered this application and knows it.')
  t.notMatch(consent, /any program|this computer/i, 'it is a page of ours, and its answer reaches nobody else')
  await allow(page)
  t.equal(await page.locator('h1').textContent(), 'Activity')
  await page.locator('#live').waitFor({ state: 'visible' })
  const found = rowsOf(page, 'search.global')
  await found.first().waitFor()
  t.match(await found.first().textContent(), /key.*succeeded/s)
  const before = await found.count()
  await call(running, 'search.global')
  await found.nth(before).waitFor()
  t.pass('the call came by itself')
  t.notMatch(await page.content(), /"q"|export/, 'no argument stands there')

  await page.selectOption('[name=outcome]', 'refused')
  await press(page, 'Show')
  t.match(page.url(), /outcome=refused/)
  t.equal(await found.count(), 0)
  await page.goto(`${activity}?outcome=nonsense`)
  t.match(await page.locator('h1').textContent(), 'This list cannot be shown')
  t.same(
    problems.filter((problem) => !problem.includes('400')),
    [],
    'nothing was blocked by the content security policy',
  )

  await page.goto(activity)
  await press(page, 'Leave this page')
  t.equal(new URL(page.url()).pathname, '/')
})

test('an administrator of one organisation never sees the activity of another', async (t) => {
  await call(running, 'search.global')
  const { page } = await open(t, 'owner@globex.test')
  await allow(page)
  await page.locator('#live').waitFor({ state: 'visible' })
  await call(running, 'search.global')
  const heard = await page.evaluate(async () => {
    const since = new Date(Date.now() - 30_000).toISOString()
    const answer = await fetch(`/activity/tail?since=${since}`)
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    // A comment ends each turn in which nothing came.
    while (text.split(':').length < 4) text += (await reader?.read())?.value ?? ':'
    await reader?.cancel()
    return text
  })
  t.match(heard, /^retry: 5000/)
  t.notMatch(heard, 'search.global')
  for (const query of ['', '?tool=search.global']) {
    await page.goto(`${activity}${query}`)
    t.equal(await rowsOf(page, 'search.global').count(), 0, query)
  }
})

test('without JavaScript it is a list, and a member of the organisation is told who can see it', async (t) => {
  await call(running, 'search.global')
  const { page } = await open(t, 'admin@acme.test', { javaScriptEnabled: false })
  await allow(page)
  t.ok((await rowsOf(page, 'search.global').count()) > 0)
  t.equal(await page.locator('#live').isVisible(), false)
  const member = await open(t, 'member@acme.test')
  await press(member.page, 'Allow')
  await member.page.getByRole('heading', { name: 'You cannot see the activity of this organisation' }).waitFor()
  t.equal((await member.context.request.get(`${activity}/tail`)).status(), 401)
})
