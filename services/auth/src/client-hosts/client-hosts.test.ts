import { test } from 'tap'
import {
  ADMIN,
  authorize,
  CALLBACK,
  connect,
  newVerifier,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'
import { type HostRule, hostsOfClient, isLetIn, readHost } from './judge-host.ts'

const allow = (host: string): HostRule => ({ host, rule: 'allow' })
const deny = (host: string): HostRule => ({ host, rule: 'deny' })

test('a client is of the host that it proves', async (t) => {
  const of = (id: string, ...redirectUris: string[]) => hostsOfClient({ id, redirectUris })
  t.same(of('https://claude.ai/oauth/client.json', 'http://localhost:1/cb'), ['claude.ai'])
  t.same(of('https://claude.ai:8443/c', 'https://x.example/cb'), ['claude.ai'])
  t.same(of('cli_1', 'https://chatgpt.com/cb', 'https://chatgpt.com/other'), ['chatgpt.com'])
  t.same(of('cli_1', 'http://127.0.0.1/cb', 'http://[::1]:7/cb'), ['localhost'])
  t.same(of('cli_1', 'cursor://anysphere/cb', 'https://cursor.com/cb'), ['cursor:', 'cursor.com'])
  t.same(of('cli_1', 'https://evil.example./cb'), ['evil.example'], 'a dot behind it makes no other host')
  t.same(of('cli_1'), [])
})

const TABLE: readonly (readonly [hosts: string[], rules: HostRule[], boolean])[] = [
  [['claude.ai'], [], true],
  [['claude.ai'], [deny('evil.example')], true],
  [['evil.example'], [deny('evil.example')], false],
  [['a.evil.example'], [deny('evil.example')], false],
  [['notevil.example'], [deny('evil.example')], true],
  [['claude.ai'], [allow('claude.ai')], true],
  [['api.claude.ai'], [allow('claude.ai')], true],
  [['claude.ai'], [allow('chatgpt.com')], false],
  [['claude.ai', 'evil.example'], [allow('claude.ai')], false],
  [['claude.ai', 'chatgpt.com'], [allow('claude.ai'), deny('chatgpt.com')], false],
  [['beta.claude.ai'], [allow('claude.ai'), deny('beta.claude.ai')], false],
  [['localhost'], [allow('claude.ai')], false],
  [['cursor:'], [allow('cursor:')], true],
  [['cursor:'], [deny('cursor:')], false],
  [['x.cursor:'], [deny('cursor:')], true],
  [[], [allow('claude.ai')], true],
]

test('no host of a client may be denied, and where hosts are allowed by name all of them have to be', async (t) => {
  for (const [hosts, rules, letIn] of TABLE) t.equal(isLetIn(hosts, rules), letIn, JSON.stringify([hosts, rules]))
})

test('a host is read as people write it', async (t) => {
  for (const [typed, host] of [
    ['claude.ai', 'claude.ai'],
    [' HTTPS://Claude.AI/path ', 'claude.ai'],
    ['claude.ai:443', 'claude.ai'],
    ['localhost', 'localhost'],
    ['evil.example.', 'evil.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['cursor:', 'cursor:'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ...['https:', '', '*.claude.ai', 'a b', 'ftp://x.example', 'x@y.example', '-x.example', 'http://'].map(
      (text) => [text, undefined] as const,
    ),
  ] as const) {
    t.equal(readHost(typed), host, JSON.stringify(typed))
  }
})

test('an organisation says which clients its people connect', async (t) => {
  const house = await openHouse(t)
  const tenant = house.tenants[0]?.id ?? ''
  const rules = `/tenants/${tenant}/client-hosts`
  const ask = async () => {
    const { client_id: client } = await registerClient(house)
    return authorize(house, client, newVerifier())
  }
  const host = new URL(CALLBACK).hostname

  await t.test('a client that is denied gets no code, and what it held ends with the rule', async (t) => {
    const tokens = await connect(house)
    const denied = await operate(house, ADMIN, 'POST', rules, { host: CALLBACK, rule: 'deny' })
    t.match(denied, { host, rule: 'deny', grants: 1 })
    t.match((await outboxOf(house.db)).at(-1), { event: { data: { kind: 'grant', reason: 'client.not-let-in' } } })
    t.equal((await token(house, refreshForm(tokens.client, tokens.refresh_token))).statusCode, 400)
    const answer = await ask()
    t.equal(answer.get('error'), 'access_denied')
    t.match(answer.get('error_description'), 'does not let this application in')
    t.notOk(answer.has('code'))
    t.match(await operate(house, ADMIN, 'DELETE', `${rules}/${host}`), { removed: true })
    t.ok((await ask()).has('code'))
  })

  await t.test('as soon as one host is allowed, others are not; our own pages are', async (t) => {
    await operate(house, ADMIN, 'POST', rules, { host: 'claude.ai', rule: 'allow' })
    t.equal((await ask()).get('error'), 'access_denied')
    const visitor = new Visitor(house)
    await visitor.signIn()
    const query = new URLSearchParams({
      ...{
        client_id: 'gatehouse-activity',
        response_type: 'code',
        redirect_uri: 'https://align.example/activity/callback',
      },
      ...{
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
        resource: 'https://align.example/admin/v1/audit',
      },
    })
    t.match((await visitor.follow(await visitor.get(`/oauth/authorize?${query}`))).body, 'name="decision"')
    await operate(house, ADMIN, 'POST', rules, { host, rule: 'allow' })
    t.ok((await ask()).has('code'))
    t.match(await operate(house, ADMIN, 'GET', rules), { rules: [{ host: 'claude.ai' }, { host }] })
  })

  await t.test(
    'who manages clients does the same on a page; other organisations have rules of their own',
    async (t) => {
      const admin = new Visitor(house)
      await admin.signIn('admin@acme.test')
      const page = await admin.get('/settings/clients')
      t.match(page.body, 'Only those of the hosts that are allowed here.')
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
      const post = (form: string, fields: Record<string, string>) =>
        admin.post(`/settings/clients/${form}`, { csrf, ...fields })
      t.match((await post('remove', { host })).body, /The rules are changed\. (One|\d+) connections? ha(s|ve) ended\./)
      t.equal((await post('remove', { host })).statusCode, 404)
      t.match((await post('put', { host: 'not a host', rule: 'deny' })).body, 'Write a host as claude.ai')
      t.equal((await post('put', { host: 'x.example', rule: 'perhaps' })).statusCode, 400)
      t.match((await post('put', { host: 'x.example', rule: 'deny' })).body, 'x.example')
      const other = await operate(house, ADMIN, 'GET', `/tenants/${house.tenants[1]?.id}/client-hosts`)
      t.same(other.rules, [])
      const viewer = new Visitor(house)
      await viewer.signIn('viewer@acme.test')
      t.equal((await viewer.get('/settings/clients')).statusCode, 403)
    },
  )
})
