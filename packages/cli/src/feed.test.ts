import Fastify from 'fastify'
import { type Test, test } from 'tap'
import { run } from './run.ts'

const WHOLE = {
  feed: 'f1',
  whole: true,
  readable: true,
  missing: 0,
  tenants: 3,
  revocations: 2,
  waiting: 0,
  tickedAt: '2026-11-21T00:00:00.000Z',
}
const LACKING = { ...WHOLE, whole: false, missing: 4 }

/** @param told what the server says of the feed, one after the other; the last again and again */
async function scene(t: Test, ...told: object[]) {
  let [asked, rebuilt] = [0, 0]
  const server = Fastify()
  server.get('/admin/v1/feed', async () => told[Math.min(asked++, told.length - 1)])
  server.post('/admin/v1/feed/rebuild', async () => {
    rebuilt += 1
    return { carriedOver: 1 }
  })
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
  return { gatehouse, out, err, rebuilt: () => rebuilt }
}

test('0: a whole feed is told in words, or as JSON for machines', async (t) => {
  const { gatehouse, out } = await scene(t, WHOLE)
  t.equal(await gatehouse('feed', 'status'), 0)
  t.match(out[0], /^Feed f1 is whole: it tells of 3 tenants and 2 revocations, 0 wait, it ticked last at 2026-\S+\.$/)
  t.equal(await gatehouse('feed', 'status', '--json'), 0)
  t.same(JSON.parse(out[1] ?? ''), WHOLE)
})

test('1: a feed that lacks something, or cannot be read, is told all the same, and what to do', async (t) => {
  const { tickedAt: _, ...never } = { ...LACKING, readable: false }
  const { gatehouse, out, err } = await scene(t, LACKING, never)
  t.equal(await gatehouse('feed', 'status'), 1)
  t.match(out[0], 'Feed f1 lacks 4')
  t.match(err[0], 'gatehouse feed rebuild')
  t.equal(await gatehouse('feed', 'status'), 1)
  t.match(out[1], /cannot be read: .* it never ticked\.$/)
})

test('0: a rebuild waits until the feed is whole, and says meanwhile how far it is', async (t) => {
  const { gatehouse, out, err, rebuilt } = await scene(t, LACKING, LACKING, WHOLE)
  t.equal(await gatehouse('feed', 'rebuild', '--json'), 0)
  t.equal(rebuilt(), 1)
  t.same(err, ['{"note":"4 to be told, 0 on their way …"}'], 'once while it is the same')
  t.same(JSON.parse(out[0] ?? ''), { carriedOver: 1, ...WHOLE })
})

test('0: a rebuild need not be waited for', async (t) => {
  const { gatehouse, out } = await scene(t, LACKING)
  t.equal(await gatehouse('feed', 'rebuild', '--no-wait'), 0)
  t.match(out, ['The streams are created anew, and are being told what they hold.'])
})
