import Fastify, { type FastifyInstance } from 'fastify'
import { type Test, test } from 'tap'
import { run } from './run.ts'

const TOKEN = 'operator-token'

interface Asked {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly body: unknown
}

/** An admin API that says what it was asked, and a terminal that keeps what it was shown. */
async function scene(t: Test, routes: (server: FastifyInstance) => void = () => undefined) {
  const asked: Asked[] = []
  const server = Fastify()
  server.addHook('preHandler', async ({ method, url, headers, body }) => {
    asked.push({ method, url, authorization: headers.authorization, body })
  })
  routes(server)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const out: string[] = []
  const err: string[] = []
  const gatehouse = (args: readonly string[], extra: { env?: object; signal?: AbortSignal } = {}): Promise<number> =>
    run(args, {
      env: { GATEHOUSE_URL: url, GATEHOUSE_ADMIN_TOKEN: TOKEN, ...extra.env },
      fetch: globalThis.fetch,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      signal: extra.signal,
    })
  return { asked, out, err, gatehouse, url }
}

const ACME = { id: 't1', slug: 'acme', name: 'Acme Corp', plan: 'business', status: 'active', mcp: true }
const event = (n: number, over: object = {}) => ({
  id: `e${n}`,
  time: new Date(1_800_000_000_000 + n * 1_000).toISOString(),
  type: 'gatehouse.mcp.tool-called.v1',
  tenant: 't1',
  actor: { kind: 'person', id: 'p1', client: 'c1' },
  tool: 'entry.create',
  outcome: 'succeeded',
  durationMs: n,
  requestId: `r${n}`,
  ...over,
})
const withTenants = (server: FastifyInstance): void => {
  server.get('/admin/v1/tenants', async () => ({ tenants: [ACME] }))
}

test('0: tenants are listed as a table, or as JSON for machines', async (t) => {
  const { gatehouse, out, asked } = await scene(t, withTenants)
  t.equal(await gatehouse(['tenants', 'list']), 0)
  t.equal(asked[0]?.authorization, `Bearer ${TOKEN}`)
  t.match(out[0], /^SLUG +NAME +PLAN +STATUS +MCP +ID\nacme +Acme Corp +business +active +on +t1$/)
  t.equal(await gatehouse(['tenants', 'list', '--json']), 0)
  t.same(JSON.parse(out[1] ?? ''), { tenants: [ACME] })
})

test('0: clients are listed over all pages, and their names cannot steer the terminal', async (t) => {
  const client = { kind: 'dynamic', createdAt: '2026-03-01T10:00:00.000Z', redirectUris: ['http://127.0.0.1/cb'] }
  const { gatehouse, out } = await scene(t, (server) => {
    server.get<{ Querystring: { after?: string } }>('/admin/v1/clients', async ({ query }) => ({
      clients:
        query.after === undefined
          ? Array.from({ length: 200 }, (_, n) => ({ ...client, id: `c${n}`, name: 'Evil\u001b[2J' }))
          : [{ ...client, id: `after-${query.after}`, name: 'Claude' }],
    }))
  })
  t.equal(await gatehouse(['clients', 'list']), 0)
  t.match(out[0], /\nc199 +Evil\\u001b\[2J +dynamic .*\nafter-c199 +Claude +dynamic +http:\/\/127\.0\.0\.1\/cb/)
})

const changes: readonly (readonly [string[], string, string, unknown])[] = [
  [['tenants', 'mcp', 'acme', 'off'], 'PATCH', '/admin/v1/tenants/t1', { mcp: false }],
  [['tenants', 'mcp', 'acme', 'on'], 'PATCH', '/admin/v1/tenants/t1', { mcp: true }],
  [['tenants', 'plan', 'acme', 'business'], 'PATCH', '/admin/v1/tenants/t1', { plan: 'business' }],
  [['tenants', 'suspend', 'acme'], 'PATCH', '/admin/v1/tenants/t1', { status: 'suspended' }],
  [['tenants', 'activate', 'acme'], 'PATCH', '/admin/v1/tenants/t1', { status: 'active' }],
  [['tenants', 'suspend', 'x/y z'], 'PATCH', '/admin/v1/tenants/x%2Fy%20z', { status: 'suspended' }],
  [['keys', 'revoke', 'k1'], 'DELETE', '/admin/v1/api-keys/k1', undefined],
  [['keys', 'change', 'k1', '--scope', 'a', '--scope', 'b'], 'PATCH', '/admin/v1/api-keys/k1', { scopes: ['a', 'b'] }],
  [
    ['client-hosts', 'set', 'acme', 'cursor:', 'deny'],
    'POST',
    '/admin/v1/tenants/t1/client-hosts',
    { host: 'cursor:', rule: 'deny' },
  ],
  [['client-hosts', 'remove', 'acme', 'cursor:'], 'DELETE', '/admin/v1/tenants/t1/client-hosts/cursor%3A', undefined],
  [['grants', 'revoke', 'g1'], 'DELETE', '/admin/v1/grants/g1', undefined],
]
for (const [args, method, path, body] of changes) {
  test(`0: ${args.join(' ')} asks for just that and says that it is done`, async (t) => {
    const { gatehouse, out, asked } = await scene(t, (server) => {
      server.get('/admin/v1/tenants', async () => ({ tenants: [ACME, { ...ACME, id: 'x/y z', slug: 'other' }] }))
      server.patch('/admin/v1/tenants/:tenant', async () => ACME)
      server.delete('/admin/v1/api-keys/:id', async () => ({ revoked: true }))
      server.patch('/admin/v1/api-keys/:id', async () => ({ id: 'k1' }))
      server.post('/admin/v1/tenants/t1/client-hosts', async () => ({ grants: 2 }))
      server.delete('/admin/v1/tenants/t1/client-hosts/:host', async () => ({ removed: true, grants: 0 }))
      server.delete('/admin/v1/grants/:id', async () => ({ revoked: true }))
    })
    t.equal(await gatehouse(args), 0)
    const change = asked.at(-1)
    t.match(change, { method, url: path })
    t.same(change?.body ?? undefined, body)
    t.match(out.join('\n'), /\.$/)
  })
}

test('0: a created key is alone on standard output', async (t) => {
  const { gatehouse, out, err, asked } = await scene(t, (server) => {
    withTenants(server)
    server.post('/admin/v1/tenants/t1/api-keys', async () => ({ id: 'k1', key: 'gh_secret', hint: 'gh_…cret' }))
  })
  const args = ['keys', 'create', '--tenant', 'acme', '--name', 'nightly', '--scope', 'a:read', '--scope', 'a:write']
  t.equal(await gatehouse([...args, '--expires', '2027-01-31T13:00:00+01:00']), 0)
  t.same(asked.at(-1)?.body, { name: 'nightly', scopes: ['a:read', 'a:write'], expiresAt: '2027-01-31T12:00:00.000Z' })
  t.same(out, ['gh_secret'])
  t.match(err[0], /k1 .*not shown again/)
})

test('0: the API keys of a tenant are listed beside the keyrings of the installation', async (t) => {
  const { gatehouse, out, asked } = await scene(t, (server) => {
    withTenants(server)
    const key = { id: 'k1', name: 'nightly', hint: 'gh_…cret', scopes: ['a', 'b'], usedAt: '2026-03-01T10:00:00.000Z' }
    server.get('/admin/v1/tenants/t1/api-keys', async () => ({ keys: [key] }))
    server.get('/admin/v1/tenants/t1/client-hosts', async () => ({ rules: [{ host: 'claude.ai', rule: 'allow' }] }))
  })
  t.equal(await gatehouse(['keys', 'list', '--tenant', 'acme']), 0)
  t.match(out[0], /k1 +gh_…cret +nightly +a b +- +2026-03-01T10:00:00\.000Z +-$/)
  t.equal(await gatehouse(['client-hosts', 'list', 'acme']), 0)
  t.match(out[1], /claude\.ai +allow/)
  t.equal(asked.at(-1)?.url, '/admin/v1/tenants/t1/client-hosts')
})

test('0: audit events are asked for by the id of the tenant, over as many pages as it takes', async (t) => {
  const { gatehouse, out, asked } = await scene(t, (server) => {
    withTenants(server)
    server.get<{ Querystring: { cursor?: string } }>('/admin/v1/audit/events', async ({ query }) =>
      query.cursor === undefined
        ? { events: Array.from({ length: 200 }, (_, n) => event(500 - n)), nextCursor: 'next' }
        : { events: [event(2), event(1, { outcome: 'refused', reason: 'scope.missing' })] },
    )
  })
  t.equal(await gatehouse(['audit', 'list', '--tenant', 'acme', '--tool', 'entry.create', '--limit', '250']), 0)
  t.same(
    asked.map(({ url }) => url),
    [
      '/admin/v1/tenants',
      '/admin/v1/audit/events?tenant=t1&tool=entry.create&limit=200',
      '/admin/v1/audit/events?tenant=t1&tool=entry.create&limit=50&cursor=next',
    ],
  )
  const lines = (out[0] ?? '').split('\n')
  t.equal(lines.length, 203)
  t.match(lines.at(-1), /person p1 +c1 +entry\.create +refused +scope\.missing +1 +r1/)
})

test('0: followed events are shown once each, oldest first, until interrupted', async (t) => {
  const interrupt = new AbortController()
  const log = [event(2), event(1)]
  const { gatehouse, out } = await scene(t, (server) => {
    let polls = 0
    server.get('/admin/v1/audit/events', async () => {
      polls += 1
      if (polls === 2) log.unshift(event(3))
      if (polls === 3) interrupt.abort()
      return { events: log }
    })
  })
  t.equal(await gatehouse(['audit', 'list', '--follow', '--json'], { signal: interrupt.signal }), 0)
  t.same(
    out.map((line) => JSON.parse(line).id),
    ['e1', 'e2', 'e3'],
  )
})

const refusals: readonly (readonly [number, object, RegExp])[] = [
  [401, { error: 'invalid_token', error_description: 'Wrong token.' }, /Wrong token; give the GATEHOUSE_ADMIN_TOKEN/],
  [404, { error: 'not_found', error_description: 'No such tenant.', request_id: 'r1' }, /No such tenant; .*request r1/],
  [400, { error: 'invalid_request', error_description: 'bad\u001b[2J' }, /bad\\u001b\[2J/],
  [500, {}, /no reason given \(HTTP 500\)/],
]
for (const [status, body, says] of refusals) {
  test(`1: a refusal with ${status} is one line that says what to do`, async (t) => {
    const { gatehouse, out, err } = await scene(t, (server) => {
      withTenants(server)
      server.patch('/admin/v1/tenants/:tenant', async (_request, reply) => reply.code(status).send(body))
    })
    t.equal(await gatehouse(['tenants', 'suspend', 'acme']), 1)
    t.same(out, [])
    t.equal(err.length, 1)
    t.match(err[0], /^gatehouse: the server refused: [^\n]*$/)
    t.match(err[0], says)
  })
}

test('1: a key or grant that is not there: the command that is named shows their ids', async (t) => {
  const { gatehouse, out, err } = await scene(t, (server) => {
    server.get('/admin/v1/audit/events', async () => ({
      events: [
        event(2, { actor: { kind: 'person', id: 'p1', client: 'c1', grant: 'g1' } }),
        event(1, { actor: { kind: 'key', id: 'k1' } }),
      ],
    }))
    for (const path of ['/admin/v1/grants/:id', '/admin/v1/api-keys/:id']) {
      server.delete(path, async (_request, reply) => reply.code(404).send({ error: 'not_found' }))
    }
  })
  for (const noun of ['grants', 'keys']) {
    t.equal(await gatehouse([noun, 'revoke', 'nobody']), 1)
    const [, named = ''] = /"gatehouse ([^"]+)"/.exec(err.pop() ?? '') ?? []
    t.equal(await gatehouse(named.split(' ')), 0)
    t.match(out.splice(0).join('\n'), noun === 'keys' ? '"k1"' : '"g1"')
  }
})

test('1: a tenant that is not there is said to be so', async (t) => {
  const { gatehouse, err } = await scene(t, withTenants)
  t.equal(await gatehouse(['audit', 'list', '--tenant', 'acmee']), 1)
  t.same(err, ['gatehouse: there is no tenant acmee; see "gatehouse tenants list"'])
})

const misuses: readonly (readonly [string[], RegExp, object?])[] = [
  [['tenants', 'mcp', 'acme', 'maybe'], /on, off/],
  [['tenants', 'mcp', 'acme'], /missing required argument/],
  [['tenents', 'list'], /unknown command.*\n?.*tenants/],
  [['keys', 'create', '--tenant', 'acme', '--name', 'x'], /--scope/],
  [['keys', 'change', 'k1'], /--name or --scope/],
  [['client-hosts', 'set', 'acme', 'x.example', 'perhaps'], /allow, deny/],
  [['keys', 'create', '--tenant', 'a', '--name', 'x', '--scope', 'a b'], /one scope/],
  [['keys', 'create', '--tenant', 'a', '--name', 'x', '--scope', 'a', '--expires', 'soon'], /2027-01-31/],
  [['audit', 'list', '--limit', '0'], /whole number/],
  [['audit', 'list', '--outcome', 'fine'], /succeeded/],
  [['audit', 'list', '--follow', '--to', '2026-01-01T00:00:00Z'], /exclude/],
  [['tenants', 'list', '--url', 'ftp://x'], /--url/],
  [['tenants', 'list'], /GATEHOUSE_ADMIN_TOKEN/, { GATEHOUSE_ADMIN_TOKEN: '' }],
  [['tenants', 'list', '--token', 'a\nb'], /token/],
]
for (const [args, says, env] of misuses) {
  test(`2: ${JSON.stringify(args.join(' '))} asks the server nothing and says what is wrong`, async (t) => {
    const { gatehouse, err, asked } = await scene(t)
    t.equal(await gatehouse(args, env === undefined ? {} : { env }), 2)
    t.match(err.join('\n'), says)
    t.same(asked, [])
  })
}

test('3: a server that is not there, is not Gatehouse, or sends the token elsewhere', async (t) => {
  const { gatehouse, err, url } = await scene(t, (server) => {
    server.get('/page/admin/v1/tenants', async (_request, reply) => reply.type('text/html').send('<html>'))
    server.get('/other/admin/v1/tenants', async () => ({ hello: 'world' }))
    server.get('/moved/admin/v1/tenants', async (_request, reply) => reply.redirect('http://127.0.0.1:9/'))
  })
  const free = Fastify()
  const gone = await free.listen({ host: '127.0.0.1', port: 0 })
  await free.close()
  for (const [where, says] of [
    [gone, /cannot reach .* \(ECONNREFUSED\)/],
    [`${url}/page`, /not Gatehouse/],
    [`${url}/other/`, /may not be Gatehouse/],
    [`${url}/moved`, /redirects elsewhere/],
  ] as const) {
    t.equal(await gatehouse(['tenants', 'list', '--url', where]), 3)
    t.match(err.pop(), says)
  }
})

test('help and no command at all show every command', async (t) => {
  const { gatehouse, out, err } = await scene(t)
  t.equal(await gatehouse(['--help']), 0)
  t.equal(await gatehouse([]), 2)
  for (const name of ['tenants', 'clients', 'keys', 'grants', 'audit']) {
    t.match(out.join(), name)
    t.match(err.join(), name)
  }
  t.equal(await gatehouse(['audit', 'list', '--help']), 0)
  t.match(out.join('\n'), /--follow.*--url/s)
})
