import { t as file, test } from 'tap'
import { openParts, openRig, PROFILE } from '../testing/rig.ts'
import { modern, post } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

test('over the limit: 429 with Retry-After and a JSON-RPC error, nothing runs, and tools take their cost [L19] [S-SB-13] [S-TL-12]', async (t) => {
  const rig = await openRig(parts, { profile: { ...PROFILE, limits: { requestsPerMinute: 8 } } })
  t.teardown(() => rig.close())
  const token = await rig.token()
  t.equal((await modern(rig, token, 'tools/call', { name: 'notes_purge' })).headers['x-ratelimit-remaining'], '3')
  t.equal((await modern(rig, token, 'tools/list')).headers['x-ratelimit-remaining'], '2')
  t.equal((await post(rig, token, '{')).headers['x-ratelimit-remaining'], '1')
  const over = await modern(rig, token, 'tools/call', { name: 'notes_purge' })
  t.equal(over.status, 429)
  t.match(over.headers['retry-after'], /^\d+$/)
  t.match(over.body, { jsonrpc: '2.0', id: 1, error: { code: 429 } })
  const { message, data } = over.body.error
  t.same(data, { retryAfterSeconds: Number(over.headers['retry-after']) })
  t.match(message, `Wait ${over.headers['retry-after']} s.`)
  t.match(over.headers.ratelimit, /^"credential";r=0;t=\d+$/)
  t.same(rig.ran, ['notes_purge'])
  t.equal((await modern(rig, await rig.token(), 'tools/list')).status, 200, 'another token has its own window')
})

test('a profile may limit what all credentials of a workspace take together', async (t) => {
  const rig = await openRig(parts, {
    profile: { ...PROFILE, limits: { requestsPerMinute: 8, tenantRequestsPerMinute: 10 } },
  })
  t.teardown(() => rig.close())
  const first = await modern(rig, await rig.token(), 'tools/call', { name: 'notes_purge' })
  t.match(first.headers, {
    'ratelimit-policy': '"credential";q=8;w=60, "tenant";q=10;w=60',
    ratelimit: /^"credential";r=3;t=\d+, "tenant";r=5;t=\d+$/,
  })
  await modern(rig, await rig.token(), 'tools/call', { name: 'notes_purge' })
  const over = await modern(rig, await rig.token(), 'tools/list')
  t.match([over.status, over.headers['x-ratelimit-limit'], over.headers['retry-after']], [429, '10', /^\d+$/])
})
