import type { Revocation } from '@gatehouse/contracts'
import { openKeyValue } from '@gatehouse/kv'
import { eventually } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import type { PrincipalFacts } from '../deps.ts'
import { listening, openLegacy, urlOf } from '../testing/legacy-client.ts'
import { ORIGIN, openParts, openRig, PROFILE, type Rig, SSE_PATHS, SSE_RESOURCE } from '../testing/rig.ts'
import { type Hearing, hear } from '../testing/sse-client.ts'
import { modern, modernRequest } from '../testing/wire.ts'

/** Each gate that can close while a stream is open, and each kind of stream: it ends, and the next request meets the gate. */

const { host } = new URL(ORIGIN)
const seconds = (): number => Math.floor(Date.now() / 1_000)

/** A credential of its own for each cell, so that what is taken back hits nobody else. */
interface Holder {
  readonly id: string
  readonly tenant: string
}

interface Change {
  readonly name: string
  /** Of an API key; default: of a token. */
  readonly key?: true
  make(rig: Rig, holder: Holder): Promise<unknown>
  /** What the next request is answered. */
  readonly next: number
}

const reason = 'test'
const revoked = (name: string, of: (holder: Holder) => Revocation, next = 401): Change => ({
  name,
  make: (rig, holder) => rig.revoke(of(holder)),
  next,
})
const tenantOf = (id: string) =>
  ({ tenant: id, slug: id, name: id, plan: 'business', status: 'active', mcp: true }) as const
const changed = (name: string, over: { status?: 'suspended'; mcp?: false; plan?: string }, next: number): Change => ({
  name,
  make: (rig, { tenant }) => rig.setTenant({ ...tenantOf(tenant), ...over }),
  next,
})

const CHANGES: readonly Change[] = [
  revoked('its token is revoked', ({ id }) => ({ kind: 'token', jti: `token ${id}`, at: seconds(), reason })),
  revoked('its grant is revoked', ({ id }) => ({ kind: 'grant', grant: `grant ${id}`, at: seconds(), reason })),
  revoked('its client is disabled', ({ id }) => ({ kind: 'client', client: `client ${id}`, at: seconds(), reason })),
  revoked('its person is deactivated', ({ id }) => ({ kind: 'person', person: `person ${id}`, at: seconds(), reason })),
  revoked('its membership ends', ({ id, tenant }) => ({
    ...{ kind: 'membership', tenant, person: `person ${id}`, at: seconds(), reason },
  })),
  {
    ...revoked('its key is revoked', ({ id }) => ({ kind: 'key', key: `key-${id}`, at: seconds(), reason })),
    key: true,
  },
  changed('its workspace is suspended', { status: 'suspended' }, 423),
  changed('MCP is switched off for its workspace', { mcp: false }, 403),
  changed('its workspace has a plan without MCP', { plan: 'free' }, 404),
]

/** Opens a stream that says that it is open before it resolves. */
const STREAMS: Readonly<Record<string, (rig: Rig, credential: string) => Promise<Hearing>>> = {
  async 'subscriptions/listen'(rig, credential) {
    const asked = modernRequest('subscriptions/listen', { notifications: { resourceSubscriptions: ['notes://notes'] } })
    const common = { host, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const headers = { ...common, ...asked.headers, authorization: `Bearer ${credential}` }
    const stream = await hear(urlOf(rig), { method: 'POST', headers, body: asked.body })
    await stream.next(({ json, data }) => (json ?? JSON.parse(data ?? '{}')).method !== undefined)
    return stream
  },
  async 'the stream of a session'(rig, credential) {
    const stream = await (await openLegacy(rig, credential)).get(rig)
    await stream.next(({ id }) => id !== undefined)
    return stream
  },
  async 'HTTP+SSE'(rig, credential) {
    const headers = { host, authorization: `Bearer ${credential}` }
    const stream = await hear(`${new URL(urlOf(rig)).origin}${SSE_PATHS.sse}`, { headers })
    await stream.next(({ event }) => event === 'endpoint')
    return stream
  },
}

const parts = await openParts()
const kv = await openKeyValue('memory:')
const exchangeKey = async (key: string): Promise<PrincipalFacts> => {
  const [tenant = '', id = ''] = key.slice('notes_'.length).split('.')
  return { tenant, keyId: `key-${id}`, scopes: ['notes:read'], issuedAt: 1 }
}
const profile = { ...PROFILE, paths: { ...PROFILE.paths, ...SSE_PATHS } }
const nodes = [await openRig(parts, { kv, profile, exchangeKey }), await openRig(parts, { kv, profile, exchangeKey })]
const [near, far] = (await listening(...nodes)) as [Rig, Rig]
file.teardown(async () => {
  for (const node of nodes) await node.close()
  await kv.close()
  await parts.close()
})

async function judge(t: Test, change: Change, kind: string, id: string): Promise<void> {
  const open = STREAMS[kind] as (typeof STREAMS)[string]
  const holder: Holder = { id, tenant: `t${id}` }
  await near.setTenant(tenantOf(holder.tenant))
  await eventually(5_000, 'the workspace', () => parts.feed.view.tenant(holder.tenant) !== undefined)
  const credentialOf = async (id: string, more: object = {}): Promise<string> => {
    if (change.key === true) return `notes_${holder.tenant}.${id}`
    const who = { sub: `person ${id}`, client_id: `client ${id}`, grant_id: `grant ${id}`, jti: `token ${id}` }
    return near.token({ ...who, tenant_id: holder.tenant, ...more })
  }
  const audience = kind === 'HTTP+SSE' ? { aud: SSE_RESOURCE } : {}
  const stream = await open(near, await credentialOf(id, audience))
  // Of somebody else there: it ends where the workspace itself is closed, and only there.
  const other = await open(far, await credentialOf(`other${id}`, audience))
  // Issued before it too: what comes later is another matter.
  const asking = await credentialOf(id)
  await change.make(far, holder)
  await stream.body
  const ends = other.body.then(() => 'ended')
  if (change.next === 401) {
    t.equal(await Promise.race([ends, new Promise((resolve) => setImmediate(() => resolve('open')))]), 'open')
    other.leave()
  } else t.equal(await ends, 'ended')
  t.equal((await modern(near, asking, 'tools/list')).status, change.next)
}

let cells = 0
for (const change of CHANGES) {
  test(`${change.name}: its streams of every kind end, no others, and what it asks next is refused [S-HS-07]`, async (t) => {
    for (const kind of Object.keys(STREAMS)) {
      cells += 1
      const id = `c${cells}`
      await t.test(kind, (t) => judge(t, change, kind, id))
    }
  })
}
