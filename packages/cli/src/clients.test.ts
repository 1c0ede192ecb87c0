import Fastify, { type FastifyInstance } from 'fastify'
import { type Test, test } from 'tap'
import { run } from './run.ts'

const ACME = { id: 't1', slug: 'acme', name: 'Acme Corp', plan: 'business', status: 'active', mcp: true }

/** An admin API that says what it was asked. */
async function scene(t: Test, routes: (server: FastifyInstance) => void) {
  const asked: { method: string; url: string; body: unknown }[] = []
  const server = Fastify({ routerOptions: { maxParamLength: 500 } })
  server.addHook('preHandler', async ({ method, url, body }) => void asked.push({ method, url, body }))
  server.get('/admin/v1/tenants', async () => ({ tenants: [ACME] }))
  routes(server)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const [out, err]: [string[], string[]] = [[], []]
  const gatehouse = (...args: readonly string[]) =>
    run(['clients', ...args], {
      env: { GATEHOUSE_URL: url, GATEHOUSE_ADMIN_TOKEN: 'operator-token' },
      fetch: globalThis.fetch,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      signal: undefined,
    })
  return { asked, out, err, gatehouse }
}

test('clients create sends what was said; the secret alone is on standard output', async (t) => {
  const { gatehouse, asked, out, err } = await scene(t, (server) => {
    server.post('/admin/v1/clients', async () => ({ id: 'cli_1', secret: 'the-secret' }))
  })
  const args = [
    '--redirect',
    'https://a.example/cb',
    '--redirect',
    'https://a.example/2',
    '--method',
    'client_secret_post',
  ]
  t.equal(await gatehouse('create', '--name', 'Web', ...args), 0)
  t.match(asked.at(-1), {
    method: 'POST',
    body: {
      name: 'Web',
      redirectUris: ['https://a.example/cb', 'https://a.example/2'],
      authMethod: 'client_secret_post',
    },
  })
  t.same(out, ['the-secret'])
  t.match(err[0], /cli_1 is registered\. Keep the secret now/)
})

test('clients create for a service: grants, scopes, resources, keys, and the tenant by its slug', async (t) => {
  const { gatehouse, asked, out, err } = await scene(t, (server) => {
    server.post('/admin/v1/clients', async () => ({ id: 'cli_1' }))
  })
  const keys = '{"keys":[{"kty":"EC"}]}'
  const args = ['--grant', 'client_credentials', '--scope', 'mcp:read', '--scope', 'mcp:write', '--tenant', 'acme']
  const more = ['--resource', 'https://a.example/mcp', '--method', 'private_key_jwt', '--jwks', keys]
  t.equal(await gatehouse('create', '--name', 'M', ...args, ...more), 0)
  t.same(asked.at(-1)?.body, {
    name: 'M',
    authMethod: 'private_key_jwt',
    grantTypes: ['client_credentials'],
    scopes: ['mcp:read', 'mcp:write'],
    resources: ['https://a.example/mcp'],
    tenant: 't1',
    jwks: { keys: [{ kty: 'EC' }] },
    jwksUri: null,
  })
  t.match(out[0], 'Client cli_1 is registered.')
  t.same(err, [])
})

test('clients show, update, disable, enable, rotate-secret and delete name the client, also one that is a URL', async (t) => {
  const id = 'https://a.example/client.json'
  const path = `/admin/v1/clients/${encodeURIComponent(id)}`
  const shown = { id, name: 'A', kind: 'metadata', redirectUris: ['x', 'y'], disabled: false }
  const { gatehouse, asked, out } = await scene(t, (server) => {
    server.get('/admin/v1/clients/:id', async () => shown)
    server.patch('/admin/v1/clients/:id', async () => shown)
    server.post('/admin/v1/clients/:id/secret', async () => ({ id, secret: 'another' }))
    server.delete('/admin/v1/clients/:id', async () => ({ deleted: true }))
  })
  t.equal(await gatehouse('show', id), 0)
  t.match(
    out.at(-1),
    /^id +https:\/\/a\.example\/client\.json\nname +A\nkind +metadata\nredirects +x y\nswitched off no$/,
  )
  t.equal(await gatehouse('update', id, '--name', 'B'), 0)
  t.match(asked.at(-1), { method: 'PATCH', url: path, body: { name: 'B' } })
  t.equal(await gatehouse('disable', id), 0)
  t.same(asked.at(-1)?.body, { disabled: true })
  t.match(out.at(-1), 'switched off')
  t.equal(await gatehouse('enable', id), 0)
  t.same(asked.at(-1)?.body, { disabled: false })
  t.equal(await gatehouse('rotate-secret', id), 0)
  t.match(asked.at(-1), { method: 'POST', url: `${path}/secret` })
  t.equal(out.at(-1), 'another')
  t.equal(await gatehouse('delete', id), 0)
  t.match(asked.at(-1), { method: 'DELETE', url: path })
})

test('2: wrong use of clients is said before anything is sent', async (t) => {
  const { gatehouse, asked } = await scene(t, () => undefined)
  for (const args of [
    ['create'],
    ['create', '--name', 'X', '--method', 'password'],
    ['create', '--name', 'X', '--jwks', '{}'],
    ['create', '--name', 'X', '--jwks', 'x'],
    ['show'],
    ['disable'],
  ])
    t.equal(await gatehouse(...args), 2, args.join(' '))
  t.same(asked, [])
})
