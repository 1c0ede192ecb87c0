import { test } from 'tap'
import { judgeRedirect, redirectsEqual, TrustedRedirect } from './redirects.ts'

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

test('a redirect is the registered one to the character, but for the port of a loopback host [A-RU-01, A-RU-02, A-RU-03, CF-4]', async (t) => {
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
]

test('what cannot be an honest callback cannot be registered [A-RU-04, A-RU-06, A-RU-10, A-DR-04, CF-4]', async (t) => {
  for (const [uri, forPublic, forConfidential] of REGISTRATIONS) {
    t.equal(judgeRedirect(uri, true).ok, forPublic, `public: ${uri}`)
    t.equal(judgeRedirect(uri, false).ok, forConfidential, `confidential: ${uri}`)
  }
})

test('a redirect that is left out is the only registered one, or none [A-RU-07]', async (t) => {
  t.match(TrustedRedirect.match(['https://a.example/cb'], undefined), { uri: 'https://a.example/cb', given: false })
  t.equal(TrustedRedirect.match(['https://a.example/cb', 'https://a.example/2'], undefined), undefined)
  t.equal(TrustedRedirect.match(['http://localhost/cb'], undefined), undefined, 'a port is missing')
  t.equal(TrustedRedirect.match([], undefined), undefined)
})
