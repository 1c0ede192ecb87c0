import { test } from 'tap'
import { activityScript } from '../asset-files.ts'
import { afterConsentPage } from './after-consent.ts'
import { consentPage } from './consent.ts'
import { consentSample, everyPage } from './samples.ts'
import { signInPage } from './sign-in.ts'

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onfocus='alert(1)",
  '</textarea><script>alert(1)</script>',
  '</title><svg onload=alert(1)>',
  'javascript:alert(1)',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
]

const tags = (document: string, name: string): string[] =>
  document.match(new RegExp(`<${name}[\\s>][^>]*>?`, 'g')) ?? []
const words = (document: string): string => document.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
const elements = (document: string): string => (document.match(/<\/?[a-z][a-z0-9]*/g) ?? []).join(' ')

test('no text from outside adds an element, an attribute or a script to any page', async (t) => {
  const plain = everyPage('plain')
  for (const text of HOSTILE) {
    for (const [name, document] of Object.entries(everyPage(text))) {
      const other =
        name === 'activity'
          ? document.replace(`<script type="module" src="${activityScript.path}"></script>`, '')
          : document
      t.notMatch(other, /<(script|img|svg|style|iframe|object)/i, `${name}: ${text}`)
      t.notMatch(document, /<[^>]*\s(on\w+|style)\s*=/i, `${name}: no handler and no inline style`)
      t.notMatch(document, /(href|action|src)="\s*javascript:/i, `${name}: no address that runs`)
      const same = (of: string) =>
        elements(of)
          .replace(/<\/?a\b/g, '')
          .replace(/ +/g, ' ')
      t.equal(same(document), same(plain[name] ?? ''), `${name}: the same elements as with plain text`)
    }
  }
})

test('every form posts, and carries the CSRF token; one that only looks has none to lose', async (t) => {
  for (const [name, document] of Object.entries(everyPage('csrf-value'))) {
    for (const form of document.match(/<form[\s\S]*?<\/form>/g) ?? []) {
      if (form.startsWith('<form method="get"')) {
        t.notMatch(form, /csrf"/, `${name}: no token in an address`)
        continue
      }
      t.match(form, /^<form method="post" action="\//, name)
      t.equal(form.match(/<input type="hidden" name="csrf" value="csrf-value">/g)?.length, 1, `${name}: one token`)
    }
  }
})

test('every field has a label, every id is there once, and what describes a field exists', async (t) => {
  for (const [name, document] of Object.entries(everyPage('x'))) {
    const ids = [...document.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    t.equal(new Set(ids).size, ids.length, `${name}: ids`)
    for (const input of [...tags(document, 'input'), ...tags(document, 'textarea')]) {
      if (input.includes('type="hidden"')) continue
      const id = /\sid="([^"]*)"/.exec(input)?.[1] ?? ''
      t.ok(document.includes(`<label for="${id}">`), `${name}: ${input}`)
    }
    for (const [, list = ''] of document.matchAll(/aria-(?:describedby|labelledby)="([^"]*)"/g)) {
      for (const id of list.split(' ')) t.ok(ids.includes(id), `${name}: ${id} exists`)
    }
  }
})

test('every page has a language, a title, one heading of the first rank, and loads only our own assets', async (t) => {
  for (const [name, document] of Object.entries(everyPage('x'))) {
    t.match(document, /^<!doctype html>\n<html lang="/, name)
    t.match(document, /<title>[^<]+<\/title>/, name)
    t.equal(tags(document, 'h1').length, 1, name)
    for (const loaded of tags(document, 'link')) t.match(loaded, /href="\/assets\//, name)
  }
})

test('sign-in asks for email and password in fields that a password manager knows', async (t) => {
  const document = signInPage({ brand: { name: 'Align' }, action: '/sign-in', csrf: 't', hidden: { return_to: '/x' } })
  t.match(document, /<input id="field-email" name="email" type="email" autocomplete="username"/)
  t.match(document, /<input id="field-password" name="password" type="password" autocomplete="current-password"/)
  t.match(document, /name="return_to" value="\/x"/)
  t.notMatch(document, /role="alert"/)
})

test('sign-in never writes a password back, and says at once what went wrong', async (t) => {
  const document = signInPage({
    brand: { name: 'Align' },
    action: '/',
    csrf: 't',
    email: 'a@b.example',
    error: 'No match.',
  })
  t.match(document, /role="alert">\s*<p[^>]*>No match\./)
  t.match(document, /name="email"[^>]* value="a@b.example"/)
  t.notMatch(tags(document, 'input').find((input) => input.includes('name="password"')) ?? '', /value=/)
})

test('consent shows who asks, where the answer goes, for whom, on what, and what it permits', async (t) => {
  const shown = words(consentPage(consentSample))
  for (const fact of [
    'Claude Code',
    'claude.ai',
    'localhost:53682',
    'Acme Industries',
    'Olivia Owens',
    'owner@acme.test',
  ]) {
    t.ok(shown.includes(fact), fact)
  }
  for (const fact of ['Align Tracker', 'https://align.example/mcp', 'Read projects and entries', '10 minutes']) {
    t.ok(shown.includes(fact), fact)
  }
})

test('consent offers deny before approve and puts the focus on neither', async (t) => {
  const document = consentPage(consentSample)
  const buttons = tags(document, 'button').map((button) => /value="(\w+)"/.exec(button)?.[1])
  t.same(buttons, ['deny', 'approve'])
  t.notMatch(document, /autofocus/)
  t.match(document, /name="transaction" value="transaction"/)
})

test('consent warns of callbacks that any program of the machine may receive, and of no others', async (t) => {
  const web = { host: 'claude.ai', loopback: false, privateUse: false }
  const app = { host: 'cursor://anysphere.cursor-mcp/oauth/callback', loopback: false, privateUse: true }
  t.match(words(consentPage(consentSample)), /Access goes to this computer Any program that runs here could pick it up/)
  t.match(words(consentPage({ ...consentSample, redirect: app })), /Whichever app opens cursor: links here/)
  t.notMatch(consentPage({ ...consentSample, redirect: web }), /class="notice/)
})

test('consent says of each client how far its name can be trusted', async (t) => {
  const said = (kind: 'metadata' | 'registered' | 'dynamic', proven: boolean, host?: string) =>
    words(consentPage({ ...consentSample, client: { name: 'N', kind, proven, host } }))
  t.match(said('dynamic', false), /registered itself. Nobody has checked its name/)
  t.match(said('dynamic', true), /registered itself. Nobody has checked its name/, 'a secret does not prove a name')
  t.match(said('metadata', true, 'claude.ai'), /claude\.ai vouches for this application/)
  t.match(said('metadata', false, 'claude.ai'), /another program could pass for it/)
  t.match(said('registered', true), /Align registered this application and knows it/)
  t.match(said('registered', false), /any program could pass for it/)
})

test('consent with nothing asked and no client host says so and stays whole', async (t) => {
  const { host: _, ...client } = consentSample.client
  const shown = words(consentPage({ ...consentSample, client, scopes: [] }))
  t.match(shown, /It asks for nothing else/)
  t.notMatch(shown, /undefined/)
})

test('consent to more shows what is new and keeps what was allowed apart', async (t) => {
  const granted = [{ name: 'entries:write', text: 'Create entries' }]
  const document = consentPage({ ...consentSample, granted })
  t.match(words(document), /could also Read projects and entries entries:read What you allowed before Create entries/)
})

test('a foreign host is shown in punycode and a name without its hidden characters [A-CN-10]', async (t) => {
  const client = { name: '\u202eedoC\u200b', host: 'clаude.ai', kind: 'metadata', proven: false } as const
  const document = consentPage({ ...consentSample, client })
  t.match(document, /xn--clude-5ve\.ai/)
  t.notMatch(document, /[\u202e\u200b]|clаude/)
})

test('the page after consent gives the whole callback to copy, and links it where it can be followed [CF-18]', async (t) => {
  const shown = (callbackUrl: string) =>
    afterConsentPage({ brand: { name: 'Align' }, client: { name: 'Codex' }, goesOn: true, callbackUrl })
  const loopback = shown('http://localhost:1/cb?code=c&state=s')
  t.match(loopback, /<textarea[^>]* readonly[^>]*>\nhttp:\/\/localhost:1\/cb\?code&#61;c&#38;state&#61;s<\/textarea>/)
  t.match(loopback, /<a href="http:\/\/localhost:1\/cb\?/)
  t.match(shown('cursor://cb?code=c'), /<a href="cursor:\/\/cb\?/)
  t.notMatch(shown('javascript:alert(1)'), /href="javascript/)
  t.notMatch(
    shown('http://localhost:1/cb?error=access_denied'),
    /<textarea/,
    'nothing to copy where nothing was allowed',
  )
})
