import fc from 'fast-check'
import { test } from 'tap'
import { judgeRedirect, redirectsEqual, TrustedRedirect } from './redirects.ts'

const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback'

/** registered, asked, and whether it is the same */
const MATCHES: readonly (readonly [string, string, boolean])[] = [
  ['https://a.example/cb', 'https://a.example/cb', true],
  ['https://a.example/cb', 'https://a.example/cb/', false],
  ['https://a.example/cb', 'https://a.example/CB', false],
  ['https://a.example/cb', 'https://A.example/cb', false],
  ['https://a.example/cb', 'https://a.example/cb?x=1', false],
  ['https://a.example/cb', 'https://a.example/c%62', false],
  ['https://a.example/cb', 'https://a.example:443/cb', false],
  ['https://a.example/cb', 'https://a.example:8443/cb', false],
  ['https://a.example/cb', 'https://a.example/cb#x', false],
  ['https://a.example/cb', 'https://a.example/x/../cb', false],
  ['https://a.example/cb', 'https://a.example.evil.example/cb', false],
  ['https://a.example/cb', 'https://a.example@evil.example/cb', false],
  ['https://a.example/cb', 'https://a.example\\@evil.example/cb', false],
  ['https://a.example/cb', 'http://a.example/cb', false],
  ['https://a.example/cb', ' https://a.example/cb', false],
  ['https://a.example/cb', 'https://a.example/cb\n', false],
  ['https://a.example/cb', 'https://a.example/cb\0', false],
  ['https://a.example\\cb', 'https://a.example\\cb', false],
  ['https://a.example/cb?x=1', 'https://a.example/cb?x=1', true],
  ['http://127.0.0.1/cb', 'http://127.0.0.1:53421/cb', true],
  ['http://127.0.0.1:1/cb', 'http://127.0.0.1:53421/cb', true],
  ['http://127.0.0.1:1/cb', 'http://127.0.0.1/cb', true],
  ['http://localhost/cb', 'http://localhost:53421/cb', true],
  ['http://[::1]/cb', 'http://[::1]:53421/cb', true],
  ['http://localhost/cb', 'http://127.0.0.1:53421/cb', false],
  ['http://127.0.0.1/cb', 'http://[::1]:53421/cb', false],
  ['http://localhost/cb', 'http://localhost:53421/other', false],
  ['http://localhost/cb', 'http://localhost:53421/cb?x=1', false],
  ['http://localhost/cb', 'https://localhost:53421/cb', false],
  ['http://localhost/cb', 'http://localhost:99999/cb', false],
  ['http://localhost/cb', 'http://localhost:80@evil.example/cb', false],
  ['http://localhost/cb', 'http://localhost.evil.example/cb', false],
  ['http://localhost/cb', 'http://localhost:1:2/cb', false],
  ['http://localhost/cb', 'http://LOCALHOST:53421/cb', false],
  ['http://127.0.0.1/cb', 'http://127.1:53421/cb', false],
  ['http://127.0.0.1/cb', 'http://127.0.0.1.evil.example/cb', false],
  ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor://anysphere.cursor-mcp/oauth/callback', true],
  ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor://anysphere.cursor-mcp:1/oauth/callback', false],
]

test('a redirect is the registered one to the character, but for the port of a loopback host [A-RU-01, A-RU-02, A-RU-03, S-SB-04, CF-4]', async (t) => {
  for (const [registered, asked, same] of MATCHES)
    t.equal(redirectsEqual(registered, asked), same, JSON.stringify(asked))
})

/** uri, may a public client register it, may a confidential one */
const REGISTRATIONS: readonly (readonly [string, boolean, boolean])[] = [
  ['https://a.example/cb', true, true],
  ['https://a.example/cb?x=1', true, true],
  ['https://localhost/cb', true, true],
  ['http://localhost/cb', true, true],
  ['http://localhost:8080/cb', true, true],
  ['http://127.0.0.1', true, true],
  ['http://[::1]:1234/cb', true, true],
  ['cursor://anysphere.cursor-mcp/oauth/callback', true, false],
  ['com.example.app:/cb', true, false],
  ['https://a.example/cb?x=code', true, true],
  ['https://a.example/cb?code=1', false, false],
  ['https://a.example/cb?x=1&iss=https://b.example', false, false],
  ['http://localhost/cb?error=x', false, false],
  ['com.example.app:/cb?st%61te=x', false, false],
  ['http://a.example/cb', false, false],
  ['http://localhost.evil.example/cb', false, false],
  ['http://127.0.0.1.evil.example/cb', false, false],
  ['http://127.0.0.2/cb', false, false],
  ['http://0.0.0.0/cb', false, false],
  ['http://localhost@evil.example/cb', false, false],
  ['http://localhost:80@evil.example/cb', false, false],
  ['https://user:pass@a.example/cb', false, false],
  ['https://@a.example/cb', false, false],
  ['https:a.example/cb', false, false],
  ['https://a.example/cb#fragment', false, false],
  ['https://a.example/cb#', false, false],
  ['https://a.example/c b', false, false],
  ['https://a.example\\@evil.example/', false, false],
  ['https://ａ.example/cb', false, false],
  ['/cb', false, false],
  ['//a.example/cb', false, false],
  ['', false, false],
  ['javascript:alert(1)', false, false],
  ['JavaScript:alert(1)', false, false],
  ['data:text/html,x', false, false],
  ['vbscript:x', false, false],
  ['file:///etc/passwd', false, false],
  ['blob:https://a.example/x', false, false],
  ['about:blank', false, false],
  ['mailto:a@a.example', false, false],
  ['ws://a.example/', false, false],
  ['search-ms:query=x', false, false],
  ['ms-msdt:/id', false, false],
  ['shell:startup', false, false],
  ['smb://a.example/share', false, false],
  ['nfs://a.example/share', false, false],
  ['sftp://a.example/', false, false],
  ['telnet://a.example', false, false],
  ['ldaps://a.example', false, false],
  ['itms-services://?action=download-manifest', false, false],
  ['microsoft-edge:https://a.example', false, false],
  ['vscode://vscode.example/did-authenticate', true, false],
  ['claude://callback', true, false],
  ['co.uk.example.app://cb', true, false],
  ['app://callback', false, false],
  ['x://y', false, false],
  ['myapp:/cb', false, false],
  ['.example:/cb', false, false],
  ['com.:/cb', false, false],
  ['com..example:/cb', false, false],
  ['ms-settings.example:/cb', false, false],
  ['com.-example:/cb', false, false],
  ['vscode://file/etc/passwd', false, false],
  ['vscode-insiders://vscode-remote/ssh-remote+a', false, false],
  ['cursor:extension/a.b', false, false],
  ['vscode://%66ile/etc/passwd', false, false],
  ['vscode:///file/etc/passwd', false, false],
  ['vscode:mcp/install?%7B%7D', false, false],
  ['vscode://vscode.github-authentication/did-authenticate', true, false],
  ['cursor://anysphere.cursor-deeplink/mcp/install?name=x&config=x', false, false],
  ['CURSOR://Anysphere.Cursor-Deeplink/prompt?text=x', false, false],
  ['zed://file/etc/passwd', false, false],
  ['goose://extension?cmd=sh', false, false],
  ['lmstudio://add_mcp?name=x', false, false],
  ['raycast://script-commands/x', false, false],
  ['raycast://oauth?package_name=x', true, false],
  ['jetbrains://idea/checkout/git?url=x', false, false],
  ['warp://mcp/oauth2callback', true, false],
  ['warp://action/new_tab?path=/', false, false],
  ['opencode://open-project?directory=/', false, false],
  ['view-source:https://a.example', false, false],
  ['intent://a.example#Intent;end', false, false],
  ['chrome-extension://abc/cb', false, false],
  ['unix:/run/x', false, false],
  ['https://*.a.example/cb', false, false],
  ['https://a%2eexample/cb', false, false],
  ['https://a.example%00.evil.example/cb', false, false],
  ['https://0x7f.1/cb', false, false],
  ['https://2130706433/cb', false, false],
  ['https://0177.0.0.1/cb', false, false],
  ['https://127.1/cb', false, false],
  ['https://a.example:99999/cb', false, false],
  ['https:///a.example/cb', false, false],
  ['https:/a.example/cb', false, false],
  ['https:\\\\a.example/cb', false, false],
  ['https://a.example/x/../cb', false, false],
  ['https://a.example/./cb', false, false],
  ['https://a.example/%2e%2e/cb', false, false],
  ['https://a.example/..', false, false],
  ['https://a.example/...', true, true],
  ['https://a.example/c%2Fb', true, true],
  ['https://аррӏе.example/cb', false, false],
  ['https://xn--80ak6aa92e.example/cb', true, true],
  ['https://a.example/\u202ecb', false, false],
  ['https://a.example/\tcb', false, false],
  ['ht\ntps://a.example/cb', false, false],
  ['http://[::ffff:127.0.0.1]/cb', false, false],
  ['http://[0:0:0:0:0:0:0:1]/cb', false, false],
  ['http://2130706433/cb', false, false],
  ['http://0x7f000001/cb', false, false],
  ['http://127.1/cb', false, false],
  ['http://LOCALHOST/cb', false, false],
  ['http://localhost./cb', false, false],
  ['http://localhost:0x50/cb', false, false],
  ['http://localhost:99999/cb', false, false],
  ['http://localhost/x/../cb', false, false],
  ['http://localhost\\@evil.example/cb', false, false],
]

test('what cannot be an honest callback cannot be registered [A-RU-04, A-RU-05, A-RU-06, A-RU-10, A-DR-04]', async (t) => {
  for (const [uri, forPublic, forConfidential] of REGISTRATIONS) {
    t.equal(judgeRedirect(uri, true).ok, forPublic, `public: ${uri}`)
    t.equal(judgeRedirect(uri, false).ok, forConfidential, `confidential: ${uri}`)
  }
})

test('an operator may restrict hosts and add schemes [O5]', async (t) => {
  const policy = { domains: ['a.example', 'localhost', 'cursor:'], schemes: ['acme'] }
  const good = ['https://a.example/cb', 'https://b.a.example:8443/cb', 'http://localhost:1/cb', CURSOR]
  const bad = [
    'https://evil-a.example/cb',
    'https://a.example.evil.example/cb',
    'http://127.0.0.1/cb',
    'acme://cb',
    'claude://cb',
  ]
  for (const uri of good) t.equal(judgeRedirect(uri, true, policy).ok, true, uri)
  for (const uri of bad) t.equal(judgeRedirect(uri, true, policy).ok, false, uri)
  t.equal(judgeRedirect('acme://cb', true, { schemes: ['acme'] }).ok, true)
  t.equal(judgeRedirect('javascript:x', true, { domains: [] }).ok, false)
})

test('property: whatever is registered or asked, the matcher answers, and what is equal is good to send to [A-RU-10]', async (t) => {
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
    '..',
    'localhost',
    '127.0.0.1',
    'a.example',
    '[::1]',
    '\0',
    '\t',
    'x',
    '80',
  )
  const uri = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.webUrl(),
  )
  fc.assert(
    fc.property(uri, uri, (one, other) => {
      const verdict = judgeRedirect(one, true)
      if (verdict.ok && verdict.kind !== 'private-use') new URL(one)
      if (!redirectsEqual(one, other) || one === other) return true
      const [a, b] = [new URL(one), new URL(other)]
      return (
        a.hostname === b.hostname && a.protocol === b.protocol && a.pathname === b.pathname && a.search === b.search
      )
    }),
    { numRuns: 2_000 },
  )
  t.pass('held')
})

test('a redirect that is left out is the only registered one, or none [A-RU-07]', async (t) => {
  t.match(TrustedRedirect.match(['https://a.example/cb'], undefined), { uri: 'https://a.example/cb', given: false })
  t.equal(TrustedRedirect.match(['https://a.example/cb', 'https://a.example/2'], undefined), undefined)
  t.equal(TrustedRedirect.match(['http://localhost/cb'], undefined), undefined, 'a port is missing')
  t.equal(TrustedRedirect.match([], undefined), undefined)
})
