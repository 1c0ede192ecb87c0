import Fastify from 'fastify'
import { type Test, test } from 'tap'
import { run } from './run.ts'

const KEY = {
  id: 'k1',
  state: 'active',
  createdAt: '2026-11-01T00:00:00.000Z',
  activeAt: '2026-11-01T00:15:00.000Z',
  retiringAt: '2027-01-01T00:00:00.000Z',
}
const COMING = { ...KEY, id: 'k2', state: 'published', activeAt: '2026-11-21T00:15:00.000Z', retiringAt: undefined }

async function scene(t: Test, rotated: object = { ring: 'access', keys: [KEY, COMING], newest: 'k2' }) {
  const asked: { url: string; body: unknown }[] = []
  const server = Fastify()
  server.addHook('preHandler', async ({ url, body }) => void asked.push({ url, body }))
  server.get('/admin/v1/keyrings', async () => ({ keyrings: [{ ring: 'access', keys: [KEY, COMING] }] }))
  server.get('/admin/v1/audit/keyrings', async () => ({ keyrings: [{ ring: 'heads', keys: [KEY] }] }))
  server.post('/admin/v1/audit/keyrings/:ring/rotate', async () => ({ ring: 'heads', keys: [COMING], newest: 'k2' }))
  server.post('/admin/v1/keyrings/:ring/rotate', async ({ url }, reply) =>
    url.includes('/other/') ? reply.code(404).send({ error: 'not_found', error_description: 'Nothing.' }) : rotated,
  )
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const [out, err]: [string[], string[]] = [[], []]
  const gatehouse = (...args: string[]) =>
    run(args, {
      env: { GATEHOUSE_URL: url, GATEHOUSE_ADMIN_TOKEN: 'operator-token' },
      fetch: globalThis.fetch,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
    })
  return { asked, out, err, gatehouse }
}

test('0: keys of the rings are listed as a table, or as JSON for machines', async (t) => {
  const { gatehouse, out } = await scene(t)
  t.equal(await gatehouse('keys', 'list'), 0)
  t.match(
    out[0],
    /^RING +KEY +STATE +ACTIVE +RETIRING\naccess +k1 +active +2026-11-01\S+ +2027-01-01\S+\naccess +k2 +published +\S+ +-\nheads +k1 +active +\S+ +\S+$/,
  )
  t.equal(await gatehouse('keys', 'list', '--json'), 0)
  t.match(JSON.parse(out[1] ?? ''), { keyrings: [{ ring: 'access', keys: [KEY, { id: 'k2' }] }] })
})

test('0: a rotation says from when the new key is used', async (t) => {
  const { gatehouse, out, asked } = await scene(t)
  t.equal(await gatehouse('keys', 'rotate', 'access'), 0)
  t.same(asked, [{ url: '/admin/v1/keyrings/access/rotate', body: { now: false, retireOthers: false } }])
  t.match(out[0], /^Key k2 of the ring access is published, and used from 2026-11-21T00:15:00\.000Z\.$/)
  t.equal(await gatehouse('keys', 'rotate', 'access', '--json'), 0)
  t.match(JSON.parse(out[1] ?? ''), { newest: 'k2' })
})

test('0: a ring of audit is rotated at audit', async (t) => {
  const { gatehouse, out, asked } = await scene(t)
  t.equal(await gatehouse('keys', 'rotate', 'heads'), 0)
  t.same(asked, [{ url: '/admin/v1/audit/keyrings/heads/rotate', body: { now: false, retireOthers: false } }])
  t.match(out[0], /^Key k2 of the ring heads is published/)
})

test('0: in an emergency the new key is in use at once, and the others may be refused', async (t) => {
  const { gatehouse, out, asked } = await scene(t, { ring: 'access', keys: [KEY], newest: 'k1' })
  t.equal(await gatehouse('keys', 'rotate', 'access', '--now', '--retire-others'), 0)
  t.same(asked[0]?.body, { now: true, retireOthers: true })
  t.same(out, ['Key k1 of the ring access is in use.'])
})

test('1: a ring that is not there is refused in one line', async (t) => {
  const { gatehouse, err } = await scene(t)
  t.equal(await gatehouse('keys', 'rotate', 'other'), 1)
  t.equal(err.length, 1)
})

for (const args of [
  ['rotate'],
  ['rotate', 'access', '--retire-others'],
  ['rotate', '../tenants'],
  ['rotate', 'a', 'b'],
]) {
  test(`2: keys ${args.join(' ')} asks the server nothing`, async (t) => {
    const { gatehouse, asked, err } = await scene(t)
    t.equal(await gatehouse('keys', ...args), 2)
    t.same(asked, [])
    t.ok(err.length > 0)
  })
}

test('help names both', async (t) => {
  const { gatehouse, out } = await scene(t)
  t.equal(await gatehouse('keys', '--help'), 0)
  t.match(out[0], /list .*rotate /s)
  t.equal(await gatehouse('keys', 'rotate', '--help'), 0)
  t.match(out[1], /--now.*--retire-others/s)
})
