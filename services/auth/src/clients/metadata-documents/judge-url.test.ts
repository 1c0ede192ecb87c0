import fc from 'fast-check'
import { test } from 'tap'
import { type DocumentPolicy, isDocumentId, judgeDocumentUrl } from './judge-url.ts'

const OPEN: DocumentPolicy = { enabled: true, allow: [], deny: [] }

const GOOD = [
  'https://a.example/client.json',
  'https://a.example:8443/client.json',
  'https://a.example/x/',
  'https://a.example/...',
  'https://a.example/a%20b',
  'https://xn--80ak6aa92e.com/client.json',
  'https://claude.ai/oauth/claude-code-client-metadata',
  'https://chatgpt.com/oauth/codex/client.json',
]

const BAD = [
  'http://a.example/client.json',
  'https://a.example',
  'https://a.example/',
  'https://a.example/client.json#f',
  'https://a.example/client.json#',
  'https://a.example/client.json?x=1',
  'https://a.example/client.json?',
  'https://user@a.example/client.json',
  'https://user:secret@a.example/client.json',
  'https://@a.example/client.json',
  'https://a.example@evil.example/client.json',
  'https://a.example\\@evil.example/client.json',
  'https://a.example/@x',
  'https://a.example/../client.json',
  'https://a.example/x/./client.json',
  'https://a.example/x/..',
  'https://a.example/%2e%2e/client.json',
  'https://a.example/%2E/client.json',
  'https://a.example/x%2fy',
  'https://a.example/x%5Cy',
  'https://a.example/x%00',
  'https://a.example/x\\y',
  'https://a.example//x',
  'https:/a.example/x',
  'https:a.example/x',
  'https:///a.example/x',
  'HTTPS://a.example/x',
  'https://A.example/x',
  'https://a.example:443/x',
  'https://a.example:/x',
  'https://a.example:08443/x',
  'https://a.example./x',
  ' https://a.example/x',
  'https://a.example/x ',
  'https://a.example/x\n',
  'https://a.exa\tmple/x',
  'https://a.example/ü',
  'https://аррӏе.com/client.json',
  'https://ａ.example/x',
  'https://a%2eexample/x',
  'https://a.example%00.evil.example/x',
  'https://127.0.0.1/x',
  'https://2130706433/x',
  'https://0x7f000001/x',
  'https://0177.0.0.1/x',
  'https://127.1/x',
  'https://93.184.216.34/x',
  'https://[::1]/x',
  'https://[::ffff:127.0.0.1]/x',
  'https://localhost/x',
  'https://intranet/x',
  'https://a.localhost/x',
  'https://printer.local/x',
  'https://db.internal/x',
  'https://a.onion/x',
  'https://1.0.168.192.in-addr.arpa/x',
  'javascript:alert(1)',
  'data:application/json,{}',
  'file:///etc/passwd',
  'ftp://a.example/x',
  'https://',
  `https://a.example/${'x'.repeat(600)}`,
  '',
]

test('a client id is a document only as an https URL with a path, in its one normal form [A-CI-01, A-CI-10]', async (t) => {
  for (const id of GOOD) t.same(judgeDocumentUrl(id, OPEN), { ok: true }, id)
  for (const id of BAD) t.equal(judgeDocumentUrl(id, OPEN).ok, false, id)
})

test('a client id of ours never looks like a document [A-CR-06]', async (t) => {
  for (const id of ['cli_abcdefghijklmnopqrst', 'claude', '']) t.equal(isDocumentId(id), false)
  for (const id of ['https://a.example/x', 'HTTPS://a.example/x', 'http://a.example/x']) t.equal(isDocumentId(id), true)
})

test('an operator trusts all hosts, some, all but some, or none [A-CI-21, A-CI-22]', async (t) => {
  const judge = (id: string, policy: Partial<DocumentPolicy>) => judgeDocumentUrl(id, { ...OPEN, ...policy }).ok
  t.equal(judge('https://a.example/x', { allow: ['a.example'] }), true)
  t.equal(judge('https://b.a.example/x', { allow: ['a.example'] }), true)
  t.equal(judge('https://evila.example/x', { allow: ['a.example'] }), false)
  t.equal(judge('https://a.example.evil.example/x', { allow: ['a.example'] }), false)
  t.equal(judge('https://b.a.example/x', { deny: ['a.example'] }), false)
  t.equal(judge('https://b.a.example/x', { allow: ['a.example'], deny: ['b.a.example'] }), false)
  t.equal(judge('https://a.example/x', { enabled: false }), false)
})

test('on a laptop http is good on the loopback hosts and nowhere else', async (t) => {
  for (const id of [
    'http://localhost:3000/client.json',
    'http://127.0.0.1:1/x',
    'http://[::1]:1/x',
    'https://localhost/x',
  ])
    t.equal(judgeDocumentUrl(id, OPEN, true).ok, true, id)
  for (const id of ['http://a.example/x', 'http://127.0.0.2/x', 'http://10.0.0.1/x', 'http://localhost.evil.example/x'])
    t.equal(judgeDocumentUrl(id, OPEN, true).ok, false, id)
})

test('property: whatever a client id is, it is judged, and what is good has one spelling and no secret part', async (t) => {
  const part = fc.constantFrom(
    'https:',
    'http:',
    '//',
    '/',
    '\\',
    '@',
    ':',
    '#',
    '?',
    '%2e',
    '%2f',
    '..',
    'a.example',
    '127.0.0.1',
    '[::1]',
    'x',
    '443',
    'ｅ',
  )
  const id = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
    fc.webUrl(),
  )
  fc.assert(
    fc.property(id, (id) => {
      if (!judgeDocumentUrl(id, OPEN).ok) return true
      const url = new URL(id)
      return url.href === id && url.protocol === 'https:' && url.username + url.password + url.hash + url.search === ''
    }),
    { numRuns: 2_000 },
  )
  t.pass('held')
})
