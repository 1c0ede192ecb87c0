import Fastify from 'fastify'
import { test } from 'tap'
import { run } from './run.ts'

const REFUSED = {
  ...{ allow: false, reason: 'permission.missing', missing: ['entries:write'], roles: ['owner'] },
  gates: [
    { gate: 'tenant', answer: 'passed' },
    { gate: 'permission', answer: 'refused' },
  ],
  text: 'Missing permission: entries:write. It comes with the role owner; an administrator of your workspace can give it.',
  ...{ tenant: 't1', kind: 'person', subject: 'p1', scopes: ['mcp:read'], heldRoles: ['viewer'] },
}

test('a refusal is explained: the gate, what is missing, and who can give it [Z9]', async (t) => {
  const server = Fastify()
  const asked: unknown[] = []
  server.get('/admin/v1/tenants', async () => ({ tenants: [{ id: 't1', slug: 'acme' }] }))
  server.get('/admin/v1/people', async () => ({ people: [{ id: 'p1', email: 'rosa@acme.test' }] }))
  server.get('/admin/v1/explain', async ({ query }) => {
    asked.push(query)
    return REFUSED
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const out: string[] = []
  const err: string[] = []
  const io = {
    fetch: globalThis.fetch,
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
  }
  const gatehouse = (...args: string[]) =>
    run(args, { ...io, env: { GATEHOUSE_URL: url, GATEHOUSE_ADMIN_TOKEN: 'operator-token' }, signal: undefined })

  const who = ['explain', '--tenant', 'acme', '--person', 'rosa@acme.test']
  t.equal(await gatehouse(...who, '--needs', 'mcp:read', '--needs', 'mcp:write', '--permission', 'entries:write'), 0)
  t.match(asked[0], { person: 'p1', tenant: 't1', needs: 'mcp:read mcp:write', permissions: 'entries:write' })
  t.match(out.join('\n'), /Refused: permission.missing. Missing permission: entries:write.*role owner/)
  t.match(out.join('\n'), /permission +refused/)
  out.length = 0
  t.equal(await gatehouse('--json', ...who), 0)
  t.same(JSON.parse(out.join('')), REFUSED)
  t.equal(await gatehouse('explain'), 2)
  t.equal(await gatehouse('explain', '--key', 'k', '--grant', 'g'), 2)
  t.match(err.join('\n'), /name one of --person, --grant and --key/)
})
