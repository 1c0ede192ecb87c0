import Fastify, { type FastifyInstance } from 'fastify'
import { type Test, test } from 'tap'
import { run } from './run.ts'

async function scene(t: Test, routes: (server: FastifyInstance) => void) {
  const asked: { method: string; url: string; body: unknown }[] = []
  const server = Fastify()
  server.addHook('preHandler', async ({ method, url, body }) => void asked.push({ method, url, body }))
  routes(server)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const out: string[] = []
  const err: string[] = []
  const gatehouse = (...args: readonly string[]): Promise<number> =>
    run(args, {
      env: { GATEHOUSE_URL: url, GATEHOUSE_ADMIN_TOKEN: 'operator-token' },
      fetch: globalThis.fetch,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      signal: undefined,
    })
  return { asked, out, err, gatehouse }
}

const API = {
  ...{ id: 'res_1', identifier: 'https://api.example', name: 'API', aliases: ['https://old.example'] },
  scopes: [
    { name: 'r', text: 'Read', implies: [] },
    { name: 'w', text: 'Write', implies: ['r'] },
  ],
  ...{ defaultScopes: ['r'], tokenSeconds: 600, source: 'operator', credential: 'secret' },
}
const withResources = (server: FastifyInstance): void => {
  server.get('/admin/v1/resources', async () => ({ resources: [API] }))
  server.post('/admin/v1/resources', async () => ({ ...API, secret: 's3cret' }))
  server.patch('/admin/v1/resources/:id', async () => API)
  server.post('/admin/v1/resources/:id/credential', async () => ({ ...API, secret: 'n3w' }))
  server.delete('/admin/v1/resources/:id', async () => ({ removed: true, grantsEnded: 3 }))
}

test('0: resources are listed and shown', async (t) => {
  const { gatehouse, out } = await scene(t, withResources)
  t.equal(await gatehouse('resources', 'list'), 0)
  t.match(
    out[0],
    /^ID +IDENTIFIER +NAME +SCOPES[^\n]*\nres_1 +https:\/\/api\.example +API +r w +600 +operator +secret$/,
  )
  t.equal(await gatehouse('resources', 'show', 'https://api.example'), 0)
  t.match(out[1], /aliases: https:\/\/old\.example\n[\s\S]*scope w: Write \(implies r\)/)
  t.equal(await gatehouse('resources', 'show', 'res_x'), 1)
})

test('0: a new resource says all that was given, and its secret is alone on standard output', async (t) => {
  const { gatehouse, out, err, asked } = await scene(t, withResources)
  const scopes = ['--scope', 'r=Read', '--scope', 'w=Write = change', '--implies', 'w=r', '--default', 'r']
  const code = await gatehouse('resources', 'create', API.identifier, '--name', 'API', ...scopes, '--seconds', '300')
  t.equal(code, 0)
  t.same(asked.at(-1)?.body, {
    ...{ identifier: API.identifier, name: 'API', defaultScopes: ['r'], tokenSeconds: 300 },
    scopes: [
      { name: 'r', text: 'Read', implies: [] },
      { name: 'w', text: 'Write = change', implies: ['r'] },
    ],
  })
  t.same(out, ['s3cret'])
  t.match(err[0], /res_1 .*not shown again/)
})

test('0: what is changed is just what was given; a credential is replaced; a removal says what ended', async (t) => {
  const { gatehouse, out, asked } = await scene(t, withResources)
  t.equal(await gatehouse('resources', 'update', 'res_1', '--seconds', '60'), 0)
  t.same(asked.at(-1), { method: 'PATCH', url: '/admin/v1/resources/res_1', body: { tokenSeconds: 60 } })
  t.equal(await gatehouse('resources', 'rotate', 'res_1', '--jwk', '{"kty":"EC"}'), 0)
  t.match(asked.at(-1), { url: '/admin/v1/resources/res_1/credential', body: { keys: [{ kty: 'EC' }] } })
  t.equal(await gatehouse('resources', 'delete', 'res_1'), 0)
  t.match(asked.at(-1), { method: 'DELETE', url: '/admin/v1/resources/res_1' })
  t.match(out.at(-1), /removed; grants that ended: 3\.$/)
})

test('2: options that cannot be meant', async (t) => {
  const { gatehouse, asked } = await scene(t, withResources)
  const create = ['resources', 'create', API.identifier, '--name', 'API']
  for (const args of [
    [...create, '--scope', 'read'],
    [...create, '--scope', 'r=Read', '--implies', 'w=r'],
    [...create, '--scope', 'r=Read', '--seconds', 'long'],
    [...create, '--scope', 'r=Read', '--jwk', 'no json'],
    ['resources', 'create', API.identifier],
  ]) {
    t.equal(await gatehouse(...args), 2, args.join(' '))
  }
  t.same(asked, [])
})

test('0: grants are listed over all pages, by the id of the tenant', async (t) => {
  const grant = {
    ...{ tenant: 't1', person: { id: 'p1', email: 'a@b.c' }, client: { id: 'c1', name: 'Evil\u001b[2J' } },
    ...{ resources: ['https://a.example/mcp'], scopes: ['r'], createdAt: '2027-01-31T12:00:00Z' },
  }
  const { gatehouse, out, asked } = await scene(t, (server) => {
    server.get('/admin/v1/tenants', async () => ({ tenants: [{ id: 't1', slug: 'acme' }] }))
    server.get<{ Querystring: { after?: string } }>('/admin/v1/grants', async ({ query }) => ({
      grants:
        query.after === undefined
          ? Array.from({ length: 200 }, (_, n) => ({ ...grant, id: `g${n}` }))
          : [{ ...grant, id: `after-${query.after}`, usedAt: '2027-02-01T12:00:00Z' }],
    }))
  })
  t.equal(await gatehouse('grants', 'list', '--tenant', 'acme', '--client', 'c1'), 0)
  t.match(out[0], /\ng199 +a@b\.c +Evil\\u001b\[2J +https.* -\nafter-g199 .*2027-02-01T12:00:00Z$/)
  t.match(asked.at(-1)?.url, /tenant=t1&client=c1&limit=200&after=g199/)
})
