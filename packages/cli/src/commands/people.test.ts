import Fastify, { type FastifyInstance } from 'fastify'
import { type Test, test } from 'tap'
import { run } from '../run.ts'

interface Asked {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

async function scene(t: Test, answers: Readonly<Record<string, unknown>>) {
  const asked: Asked[] = []
  const server: FastifyInstance = Fastify()
  server.all('/*', async ({ method, url, body }, reply) => {
    asked.push({ method, url, body })
    const answer = answers[`${method} ${url.replace('/admin/v1', '')}`]
    if (answer === undefined) reply.code(404)
    return answer ?? { error: 'not_found', error_description: 'There is nothing of that id.' }
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const [out, err]: [string[], string[]] = [[], []]
  const env = { GATEHOUSE_URL: url, GATEHOUSE_ADMIN_TOKEN: 'operator-token', CORP_SECRET: 'hush-hush' }
  const gatehouse = (...args: string[]): Promise<number> =>
    run(args, {
      env,
      fetch: globalThis.fetch,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
    })
  return { asked, out, err, gatehouse }
}

const TENANTS = { tenants: [{ id: 't1', slug: 'acme', name: 'Acme', plan: 'business', status: 'active', mcp: true }] }
const MEI = {
  id: 'per_1',
  email: 'mei@acme.test',
  name: 'Mei\u001b[31m',
  status: 'active',
  password: false,
  memberships: [{ tenant: 't1', name: 'Acme', role: 'member' }],
  identities: [{ issuer: 'https://id.example', subject: 's', email: 'mei@acme.test' }],
}

test('people are found by their address, added, moved and taken out', async (t) => {
  const { gatehouse, asked, out, err } = await scene(t, {
    'GET /tenants': TENANTS,
    'GET /people?email=mei%40acme.test': { people: [MEI] },
    'GET /people?email=nobody%40acme.test': { people: [] },
    'GET /people/per_1': MEI,
    'GET /tenants/t1/people': { people: [{ ...MEI, role: 'member' }] },
    'POST /tenants/t1/people': { ...MEI, role: 'member', created: true },
    'PATCH /tenants/t1/people/per_1': { id: 'per_1', role: 'admin' },
    'DELETE /tenants/t1/people/per_1': { removed: true, grants: 2 },
    'PATCH /people/per_1': MEI,
    'DELETE /people/per_1': { deleted: true },
    'POST /tenants/t1/invitations': { id: 'inv_1', link: 'https://x.example/join', sent: true },
    'POST /people/per_1/password-link': { link: 'https://x.example/password', sent: false },
    'GET /tenants/t1/invitations': { invitations: [] },
    'DELETE /invitations/inv_1': { removed: true },
  })
  t.equal(await gatehouse('people', 'list', 'acme'), 0)
  t.equal(await gatehouse('people', 'show', 'mei@acme.test'), 0)
  t.match(out[1], 'https://id.example')
  t.notMatch(out.join(), '\u001b', 'nothing that steers a terminal')
  t.equal(await gatehouse('people', 'show', 'per_1'), 0)
  t.equal(await gatehouse('people', 'show', 'nobody@acme.test'), 1)
  t.match(err.at(-1), 'nobody has the address nobody@acme.test')
  t.equal(await gatehouse('people', 'add', 'acme', 'mei@acme.test', '--role', 'member', '--name', 'Mei'), 0)
  t.match(asked.at(-1), { method: 'POST', body: { email: 'mei@acme.test', role: 'member', name: 'Mei' } })
  t.equal(await gatehouse('people', 'role', 'acme', 'mei@acme.test', 'admin'), 0)
  t.match(asked.at(-1), { method: 'PATCH', url: '/admin/v1/tenants/t1/people/per_1', body: { role: 'admin' } })
  t.equal(await gatehouse('people', 'remove', 'acme', 'mei@acme.test'), 0)
  t.equal(await gatehouse('people', 'deactivate', 'mei@acme.test'), 0)
  t.match(asked.at(-1), { method: 'PATCH', body: { status: 'deactivated' } })
  t.equal(await gatehouse('people', 'activate', 'mei@acme.test'), 0)
  t.equal(await gatehouse('people', 'delete', 'mei@acme.test'), 0)
  t.equal(await gatehouse('people', 'invite', 'acme', 'new@acme.test', '--role', 'viewer', '--send'), 0)
  t.match(asked.at(-1)?.body, { email: 'new@acme.test', role: 'viewer', send: true })
  t.equal(out.at(-1), 'https://x.example/join', 'the link alone: it can be piped to where it is needed')
  t.match(err.at(-1), 'A mail is on its way.')
  t.equal(await gatehouse('people', 'password-link', 'mei@acme.test'), 0)
  t.equal(out.at(-1), 'https://x.example/password')
  t.equal(await gatehouse('people', 'rename', 'mei@acme.test', 'Mei T.'), 0)
  t.match(asked.at(-1), { method: 'PATCH', body: { name: 'Mei T.' } })
  t.equal(await gatehouse('people', 'invitations', 'acme'), 0)
  t.equal(await gatehouse('people', 'uninvite', 'inv_1'), 0)
  t.equal(await gatehouse('people', 'add', 'acme', 'mei@acme.test'), 2, 'a role is needed')
})

test('sessions of a person are listed and ended', async (t) => {
  const { gatehouse, asked, out } = await scene(t, {
    'GET /people?email=mei%40acme.test': { people: [MEI] },
    'GET /people/per_1/sessions': {
      sessions: [
        {
          id: 'ses_1',
          method: 'password',
          browser: 'Firefox on Linux',
          network: '192.0.2.0/24',
          signedInAt: '1',
          seenAt: '2',
        },
      ],
    },
    'DELETE /sessions/ses_1': { ended: true },
    'DELETE /people/per_1/sessions': { sessions: 1, grants: 0 },
    'DELETE /people/per_1/sessions?applications=revoke': { sessions: 1, grants: 3 },
  })
  t.equal(await gatehouse('sessions', 'list', 'mei@acme.test'), 0)
  t.match(out[0], 'Firefox on Linux')
  t.equal(await gatehouse('sessions', 'end', 'ses_1'), 0)
  t.equal(await gatehouse('sessions', 'end-all', 'mei@acme.test'), 0)
  t.equal(await gatehouse('sessions', 'end-all', 'mei@acme.test', '--applications'), 0)
  t.match(out.at(-1), '1 sessions and 3 grants ended')
  t.equal(await gatehouse('sessions', 'end', 'ses_2'), 1)
  t.equal(asked.filter(({ method }) => method === 'DELETE').length, 4)
})

test('a tenant is made, and providers and first sign-ins are set; the secret comes from the environment', async (t) => {
  const provider = {
    id: 'corp',
    label: 'Corp',
    issuer: 'https://id.corp.example',
    callback: 'https://us.example/sign-in/corp/callback',
  }
  const { gatehouse, asked, out, err } = await scene(t, {
    'GET /tenants': TENANTS,
    'POST /tenants': { id: 't2' },
    'GET /upstream-providers': { providers: [provider] },
    'POST /upstream-providers': provider,
    'DELETE /upstream-providers/corp': { removed: true },
    'GET /tenants/t1/sign-in-policies': { policies: [{ provider: 'corp', policy: 'invite-only', domains: [] }] },
    'PATCH /tenants/t1/sign-in-policies/corp': { provider: 'corp', policy: 'join', domains: ['acme.test'] },
  })
  t.equal(await gatehouse('tenants', 'create', 'umbra', '--name', 'Umbra', '--plan', 'free'), 0)
  t.match(asked.at(-1), { method: 'POST', body: { slug: 'umbra', name: 'Umbra', plan: 'free' } })
  const add = ['providers', 'add', 'corp', '--label', 'Corp', '--issuer', provider.issuer, '--client-id', 'us']
  t.equal(await gatehouse(...add, '--client-secret-from', 'CORP_SECRET', '--authoritative-for', 'corp.example'), 0)
  t.match(asked.at(-1)?.body, { clientSecret: 'hush-hush', authoritativeDomains: ['corp.example'] })
  t.match(out.at(-1), provider.callback)
  t.notMatch(out.join(), 'hush-hush')
  t.equal(await gatehouse(...add, '--client-secret-from', 'NOTHING'), 2)
  t.match(err.at(-1), 'the environment has no NOTHING')
  t.equal(await gatehouse('providers', 'list'), 0)
  t.equal(await gatehouse('tenants', 'sign-in', 'acme'), 0)
  t.match(out.at(-1), 'invite-only')
  t.equal(await gatehouse('tenants', 'sign-in', 'acme', 'corp', 'join', '--domain', 'acme.test', '--role', 'member'), 0)
  t.match(asked.at(-1)?.body, { policy: 'join', domains: ['acme.test'], role: 'member' })
  t.equal(await gatehouse('tenants', 'sign-in', 'acme', 'corp', 'anybody'), 2)
  t.equal(await gatehouse('providers', 'remove', 'corp'), 0)
})
