import { test } from 'tap'
import { formActionSource, pageHeaders } from './headers.ts'

test('a page may load our styles and images, post to us, and nothing else', async (t) => {
  t.equal(
    pageHeaders()['content-security-policy'],
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  )
})

test('a page is never framed, sniffed, kept, or named to another site', async (t) => {
  t.match(pageHeaders(), {
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-type': 'text/html; charset=utf-8',
  })
})

test('a client that opened the page in a window of its own keeps hold of that window through to its callback', async (t) => {
  t.notOk('cross-origin-opener-policy' in pageHeaders(), 'the header would cut the callback off from its opener')
})

test('a consent page may lead to exactly the origin or scheme of its callback', async (t) => {
  for (const [callback, source] of [
    ['https://claude.ai/api/mcp/auth_callback', 'https://claude.ai'],
    ['http://localhost:53682/callback', 'http://localhost:53682'],
    ['http://127.0.0.1:1/callback', 'http://127.0.0.1:1'],
    ['http://[::1]:3000/callback', 'http:'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor:'],
    ['com.example.app:/callback', 'com.example.app:'],
  ] as const) {
    t.equal(formActionSource(callback), source)
    t.match(pageHeaders({ formAction: [source] })['content-security-policy'], `form-action 'self' ${source};`)
  }
})

test('what is no source cannot enter the policy', async (t) => {
  for (const source of [
    "https://a.example; script-src 'unsafe-inline'",
    '*',
    "'unsafe-inline'",
    'a b',
    'https://a\r\nx: y',
    '',
  ]) {
    t.throws(() => pageHeaders({ formAction: [source] }), TypeError, JSON.stringify(source))
  }
})

test('a page goes on by itself only to an address that may be followed', async (t) => {
  const to = (href: string, afterSeconds = 0) => pageHeaders({ goOn: { href, afterSeconds } }).refresh
  t.equal(to('http://127.0.0.1:1/cb?code=c&state=a;b', 2), '2; url=http://127.0.0.1:1/cb?code=c&state=a;b')
  t.equal(to('cursor://cb?code=c'), '0; url=cursor://cb?code=c')
  for (const href of ['javascript:alert(1)', 'data:text/html,x', 'http://x/\r\nset-cookie: a=b', '//evil.example']) {
    t.equal(to(href), undefined, href)
  }
  t.notOk('refresh' in pageHeaders())
})
