import Fastify, { type FastifyInstance } from 'fastify'
import { type Browser, chromium } from 'playwright-core'
import { type Test, test } from 'tap'
import { pagesAssets } from './assets.ts'
import { formActionSource, pageHeaders } from './headers.ts'
import { afterConsentPage } from './views/after-consent.ts'
import { consentPage } from './views/consent.ts'
import { consentSample } from './views/samples.ts'

const EXECUTABLE = '/usr/bin/chromium'

let browser: Browser
test('a browser is there', async () => {
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] })
})

async function listen(t: Test, host: string, set: (app: FastifyInstance) => unknown): Promise<string> {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  set(app)
  await app.listen({ port: 0, host })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Serves the consent page and opens it; the answer to Allow is a redirect to `next`, or `next` itself where it is a page. */
async function approve(t: Test, next: string, formAction: readonly string[]) {
  const origin = await listen(t, '127.0.0.1', (app) => {
    app.register(pagesAssets)
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
      done(null, body),
    )
    app.get('/consent', (_, reply) =>
      reply.headers(pageHeaders({ formAction })).send(consentPage({ ...consentSample, action: '/consent' })),
    )
    app.post('/consent', (_, reply) =>
      next.startsWith('<') ? reply.headers(pageHeaders()).send(next) : reply.redirect(next, 303),
    )
  })
  const context = await browser.newContext({ javaScriptEnabled: false })
  t.teardown(() => context.close())
  const tab = await context.newPage()
  const complaints: string[] = []
  tab.on('console', (message) => complaints.push(message.text()))
  await tab.goto(`${origin}/consent`, { waitUntil: 'domcontentloaded' })
  t.same(complaints, [], 'the page obeys its own policy')
  return { tab, complaints, press: () => tab.getByRole('button', { name: 'Allow' }).click() }
}

const client = (t: Test, host: string) => listen(t, host, (app) => app.get('/callback', () => 'connected'))

for (const host of ['127.0.0.1', '::1']) {
  test(`without script, Allow leads through to a client that listens on ${host}`, async (t) => {
    const callback = `${await client(t, host)}/callback?code=c`
    const { tab, press } = await approve(t, callback, [formActionSource(callback)])
    await press()
    await tab.waitForURL(callback)
    t.equal(await tab.textContent('body'), 'connected')
  })
}

test('a callback that the policy does not name is not reached', async (t) => {
  const callback = `${await client(t, '127.0.0.1')}/callback`
  const { tab, press } = await approve(t, callback, [])
  const refused = tab.waitForEvent('console', (message) => message.text().includes('form-action'))
  await press()
  t.match((await refused).text(), /Content Security Policy/)
  t.match(tab.url(), /\/consent$/)
})

test('a callback that sends the browser on to another origin is reached through the page after consent', async (t) => {
  const end = `${await client(t, '127.0.0.1')}/callback`
  const relay = await listen(t, '127.0.0.1', (app) => app.get('/relay', (_, reply) => reply.redirect(end, 302)))
  const page = afterConsentPage({ brand: { name: 'Align' }, callbackUrl: `${relay}/relay?code=c`, goOnAfterSeconds: 0 })
  const { tab, press } = await approve(t, page, [])
  await press()
  await tab.waitForURL(end)
  t.equal(await tab.textContent('body'), 'connected')
})

test('the first Tab stop in the consent form is Deny', async (t) => {
  const { tab } = await approve(t, 'http://127.0.0.1:1/', [])
  const reached: string[] = []
  for (let presses = 0; presses < 6 && !reached.includes('Allow'); presses++) {
    await tab.keyboard.press('Tab')
    reached.push((await tab.locator(':focus').textContent()) ?? '')
  }
  t.ok(reached.includes('Deny') && reached.indexOf('Deny') < reached.indexOf('Allow'), reached.join(', '))
})

test('the browser is closed', async () => {
  await browser.close()
})
