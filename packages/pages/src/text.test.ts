import { test } from 'tap'
import { displayDuration, displayHost, displayName, displayScheme, displayTime, safeHref } from './text.ts'

const table = <I, O>(judge: (input: I) => O, rows: readonly (readonly [what: string, input: I, output: O])[]) =>
  rows.map(([what, input, output]) => ({ what, got: judge(input), output }))

test('a name that somebody else chose is shown on one line, without characters that hide or turn it', async (t) => {
  for (const { what, got, output } of table(displayName, [
    ['a plain name', 'Claude Code', 'Claude Code'],
    ['an override that turns the line around', '\u202egnp.exe', 'gnp.exe'],
    ['isolates and marks of direction', 'A\u2066b\u2069\u200f\u061cc', 'Abc'],
    ['zero width characters', 'Go\u200bog\u200dle\ufeff', 'Google'],
    ['control characters and line breaks', 'one\r\ntwo\u0000\u0007\tthree', 'one two three'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a b c'],
    ['tag characters', 'Claude\u{e0041}\u{e007f}', 'Claude'],
    ['a lone half of a surrogate pair', 'a\ud800b', 'ab'],
    ['marks piled on a letter', `a${'\u0301'.repeat(40)}b`, 'á\u0301\u0301b'],
    ['nothing that can be seen', '\u200b \u202e', 'Unnamed'],
    ['other scripts', 'Приложение 应用', 'Приложение 应用'],
    ['markup, which is the escaper’s work', '<b>x</b>', '<b>x</b>'],
  ]))
    t.equal(got, output, what)
})

test('a long name is cut to its limit without halving a character', async (t) => {
  t.equal(displayName('x'.repeat(500)).length, 60)
  t.match(displayName('x'.repeat(500)), /…$/)
  t.equal(displayName('😀😀😀😀', 3), '😀😀…')
})

test('a host is shown in the form that a browser connects to', async (t) => {
  for (const { what, got, output } of table(displayHost, [
    ['a host', 'claude.ai', 'claude.ai'],
    ['capitals', 'Claude.AI', 'claude.ai'],
    ['a Cyrillic letter among Latin ones', 'clаude.ai', 'xn--clude-5ve.ai'],
    ['a port', 'localhost:53682', 'localhost:53682'],
    ['the default port, said', '127.0.0.1:80', '127.0.0.1:80'],
    ['an IPv6 literal', '[::1]:3000', '[::1]:3000'],
    ['a name and password before it', 'claude.ai@evil.example', 'claude.ai@evil.example'],
    ['markup', '<b>.example', '<b>.example'],
  ]))
    t.equal(got, output, what)
})

test('a private-use callback is shown by its scheme alone', async (t) => {
  t.equal(displayScheme('cursor://anysphere.cursor-mcp/oauth/callback'), 'cursor:')
  t.equal(displayScheme('com.example.app:/cb'), 'com.example.app:')
  t.equal(displayScheme('cursor'), 'cursor:')
})

test('only addresses that lead somewhere and run nothing are linked', async (t) => {
  const safe = ['/settings', '/a?b=c#d', 'https://a.example/x', 'http://localhost:1/cb?code=1', 'mailto:a@b.example']
  for (const href of safe) t.equal(safeHref(href), href)
  for (const href of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'blob:https://a.example/1',
    'file:///etc/passwd',
    'about:blank',
    'view-source:https://a.example',
    '//evil.example',
    '/\\evil.example',
    'relative',
    '',
  ]) {
    t.equal(safeHref(href), undefined, JSON.stringify(href))
    t.equal(
      safeHref(href, { privateUse: true }),
      undefined,
      `${JSON.stringify(href)} even where programs may be opened`,
    )
  }
  t.equal(safeHref('cursor://callback?code=1'), undefined)
  t.equal(safeHref('cursor://callback?code=1', { privateUse: true }), 'cursor://callback?code=1')
})

test('times and durations are said in words, in UTC', async (t) => {
  t.equal(displayTime(new Date('2026-11-21T09:11:59Z')), '21 Nov 2026, 09:11 UTC')
  const words = table(displayDuration, [
    ['', 1, '1 second'],
    ['', 90, '90 seconds'],
    ['', 600, '10 minutes'],
    ['', 3600, '1 hour'],
    ['', 86_400, '1 day'],
  ])
  for (const { got, output } of words) t.equal(got, output)
})
