import Fastify from 'fastify'
import { type Test, test } from 'tap'
import { accentStylesheet, icon, stylesheet } from './asset-files.ts'
import { pagesAssets } from './assets.ts'
import { html } from './html.ts'
import { page } from './shell.ts'

const serve = async (t: Test) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(pagesAssets)
  return app
}

test('everything that a page links to is served, typed and kept for ever', async (t) => {
  const app = await serve(t)
  const document = page({ title: 'T', brand: { name: 'B', accent: '#F2C94C' }, body: html`<h1>T</h1>` })
  const linked = [...document.matchAll(/<link[^>]* href="([^"]*)"/g)].map(([, path = '']) => path)
  t.equal(linked.length, 3)
  for (const path of linked) {
    const answer = await app.inject(path)
    t.equal(answer.statusCode, 200, path)
    t.match(answer.headers['content-type'], path.endsWith('.css') ? /^text\/css/ : /^image\/svg\+xml/)
    t.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
    t.equal(answer.headers['x-content-type-options'], 'nosniff')
    const again = await app.inject({ url: path, headers: { 'if-none-match': `"other", W/${answer.headers.etag}` } })
    t.equal(again.statusCode, 304)
    t.equal(again.body, '')
  }
})

test('another content never hides under a known name', async (t) => {
  const app = await serve(t)
  const wrong = (path: string) => path.replace(/\.[0-9a-f]{16}\./, '.0000000000000000.')
  const accent = accentStylesheet('#123456')?.path ?? ''
  for (const path of [
    wrong(stylesheet.path),
    wrong(icon.path),
    wrong(accent),
    '/assets/accent-zzz.css',
    '/assets/..%2fx',
  ]) {
    t.equal((await app.inject(path)).statusCode, 404, path)
  }
})

test('what is no colour changes nothing on a page and writes nothing into a stylesheet', async (t) => {
  for (const accent of ['red', '#fff;}*{display:none', 'url(//evil.example)']) {
    t.equal(accentStylesheet(accent), undefined)
    t.notMatch(page({ title: 'T', brand: { name: 'B', accent }, body: html`` }), /accent-/)
  }
})

test('the stylesheet stays small and loads nothing', async (t) => {
  t.ok(stylesheet.body.length < 12_288, `${stylesheet.body.length} bytes`)
  t.notMatch(stylesheet.body, /url\(|@import|@font-face/)
})
