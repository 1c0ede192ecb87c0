import { browser } from '@gatehouse/testkit'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Browser } from 'playwright-core'
import { type Test, test } from 'tap'
import { pagesAssets } from './assets.ts'
import { formActionSource, pageHeaders } from './headers.ts'
import { consentPage } from './views/consent.ts'
import { consentSample } from './views/samples.ts'

async function listen(t: Test, host: string, set: (app: FastifyInstance) => unknown): Promise<string> {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  set(app)
  await app.listen({ port: 0, host })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Opens the consent page without script and presses Allow; the answer is a redirect to `next`. */
async function approve(t: Test, launched: Browser, next: string, formAction: readonly string[]) {
  const origin = await listen(t, '127.0.0.1', (app) => {
    app.register(pagesAssets)
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
      done(null, body),
    )
    app.get('/consent', (_, reply) =>
      reply.headers(pageHeaders({ formAction })).send(consentPage({ ...consentSample, action: '/consent' })),
    )
    app.post('/consent', (_, reply) => reply.redirect(next, 303))
  })
  const context = await launched.newContext({ javaScriptEnabled: false })
  t.teardown(() => context.close())
  const tab = await context.newPage()
  const refused = tab.waitForEvent('console', { predicate: (message) => message.text().includes('form-action') })
  refused.catch(() => {})
  await tab.goto(`${origin}/consent`, { waitUntil: 'domcontentloaded' })
  await tab.getByRole('button', { name: 'Allow' }).click()
  return { tab, refused }
}

const client = (t: Test, host: string) => listen(t, host, (app) => app.get('/callback', () => 'connected'))

test('form-action, in a browser', async (t) => {
  const launched = await browser(t)

  for (const host of ['127.0.0.1', '::1']) {
    await t.test(`names a callback on ${host}, and a redirect that answers the form reaches it`, async (t) => {
      const callback = `${await client(t, host)}/callback?code=c`
      const { tab } = await approve(t, launched, callback, [formActionSource(callback)])
      await tab.waitForURL(callback)
      t.equal(await tab.textContent('body'), 'connected')
    })
  }

  await t.test('keeps the browser from a callback that it does not name', async (t) => {
    const { tab, refused } = await approve(t, launched, `${await client(t, '127.0.0.1')}/callback`, [])
    t.match((await refused).text(), /Content Security Policy/)
    t.match(tab.url(), /\/consent$/)
  })
})
