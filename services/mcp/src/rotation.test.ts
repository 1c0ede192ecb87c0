import { Secret } from '@gatehouse/config'
import type { Keyring } from '@gatehouse/keyring'
import { openKeyValue } from '@gatehouse/kv'
import { silentLogger } from '@gatehouse/telemetry'
import { t as file, type Test, test } from 'tap'
import { mcpSchema } from './schema.ts'
import { openKeyrings, RINGS, type RingName, sealersOf } from './sealers.ts'
import { type LegacyClient, listening, openLegacy, urlOf } from './testing/legacy-client.ts'
import { ORIGIN, openParts, openRig, PROFILE, type Rig, SSE_PATHS, SSE_RESOURCE } from './testing/rig.ts'
import { type Hearing, hear } from './testing/sse-client.ts'
import { TALKS } from './testing/talks-catalog.ts'
import { META, modern, modernRequest, post } from './testing/wire.ts'

const MINUTE = 60_000
const ROUNDS = 6
const EMERGENCY = 4

const parts = await openParts()
file.teardown(() => parts.close())
const profile = { ...PROFILE, paths: { ...PROFILE.paths, ...SSE_PATHS } }
const clock = { at: Date.now(), now: () => clock.at }
const kv = await openKeyValue('memory:')
file.teardown(() => kv.close())

type Node = Rig & { readonly rings: Readonly<Record<RingName, Keyring>> }

/** A node with what it alone remembers of the rings in the database. */
async function openNode(t: Test): Promise<Node> {
  const db = parts.host.as(mcpSchema.role)
  const rings = openKeyrings({ db, secret: new Secret('a secret of enough characters'), clock, log: silentLogger })
  const { sealers, close } = await sealersOf(rings, { clock, log: silentLogger })
  const rig = await openRig(parts, { kv, sealers, profile, catalogs: [TALKS], limits: { pageSize: 3 } })
  await listening(rig)
  t.teardown(() => rig.close())
  t.teardown(close)
  return { ...rig, rings }
}

/** What clients hold from before a rotation. */
interface Held {
  readonly sessions: LegacyClient[]
  readonly states: string[]
  readonly cursors: string[]
  readonly streams: { readonly hearing: Hearing; readonly address: string }[]
}

const ALL = { elicitation: {}, sampling: {}, roots: {} }
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const greet = async (node: Rig, params: object = {}) => {
  const { headers, body } = modernRequest('tools/call', { name: 'greet', ...params }, 1)
  const about = { ...body.params, _meta: { ...META, [CAPABILITIES]: ALL } }
  return post(node, await node.token(), { ...body, params: about }, headers)
}
const answer = (node: Rig, requestState: string) =>
  greet(node, { requestState, inputResponses: { user: { action: 'accept', content: { name: 'Ann' } } } })
const sseHeaders = async (node: Rig) => ({
  host: new URL(ORIGIN).host,
  authorization: `Bearer ${await node.token({ aud: SSE_RESOURCE })}`,
})
const at = (node: Rig, path: string) => `${new URL(urlOf(node)).origin}${path}`

async function begin(node: Rig, held: Held): Promise<void> {
  held.sessions.push(await openLegacy(node, await node.token()))
  held.states.push((await greet(node)).body.result.requestState)
  held.cursors.push((await modern(node, await node.token(), 'tools/list')).body.result.nextCursor)
  const hearing = await hear(at(node, SSE_PATHS.sse), { headers: await sseHeaders(node) })
  const { data = '' } = await hearing.next(({ event }) => event === 'endpoint')
  const { pathname, search } = new URL(data, ORIGIN)
  held.streams.push({ hearing, address: `${pathname}${search}` })
}

let pings = 0

/** Goes on with all of it at a node. @returns how each was answered, by kind */
async function goOn(node: Rig, held: Held, streams = held.streams) {
  const seen = { sessions: new Set<number>(), states: new Set(), cursors: new Set(), tickets: new Set<number>() }
  for (const session of held.sessions) {
    const listed = await session.request(node, 2, 'tools/list')
    seen.sessions.add(listed.status)
    await listed.body
  }
  for (const state of held.states) {
    const { body } = await answer(node, state)
    seen.states.add(body.result?.content?.[0]?.text ?? body.error?.code)
  }
  for (const cursor of held.cursors) {
    const { body } = await modern(node, await node.token(), 'tools/list', { cursor })
    seen.cursors.add(body.result?.tools?.length ?? body.error?.code)
  }
  for (const { hearing, address } of streams) {
    pings += 1
    const id = `ping ${pings}`
    const headers = { ...(await sseHeaders(node)), 'content-type': 'application/json' }
    const message = { jsonrpc: '2.0', id, method: 'ping' }
    const posted = await hear(at(node, address), { method: 'POST', headers, body: message })
    seen.tickets.add(posted.status)
    posted.leave()
    if (posted.status === 202) await hearing.next(({ json }) => json?.id === id)
  }
  return seen
}

const GOOD = {
  sessions: new Set([200]),
  states: new Set(['Hello, Ann!']),
  cursors: new Set([3]),
  tickets: new Set([202]),
}

test('every ring is rotated while sessions, questions, pages and HTTP+SSE streams go on at nodes old and new: nothing fails', async (t) => {
  const home = await openNode(t)
  const held: Held = { sessions: [], states: [], cursors: [], streams: [] }
  const keys = new Set<string>()
  let young = await openNode(t)
  for (let round = 0; round < ROUNDS; round += 1) {
    await begin(home, held)
    // Both nodes at once, as the schedule does; in an emergency at one, and used at once: the other has to look for the key.
    const [at, how] = round === EMERGENCY ? [[home], { when: 'now' } as const] : [[home, young], {}]
    const rotated = await Promise.all(at.flatMap(({ rings }) => RINGS.map((name) => rings[name].rotate(how))))
    for (const { id } of rotated) keys.add(id)
    t.same(await goOn(young, held), GOOD, `round ${round}, at the node that was there`)
    clock.at += 6 * MINUTE
    // One that knows the new keys alone from its beginning; what it seals the other has never seen the key of.
    young = await openNode(t)
    const fresh: Held = { sessions: [], states: [], cursors: [], streams: [] }
    await begin(young, fresh)
    t.same(await goOn(home, fresh), GOOD, `round ${round}, what a new node gave out, at the old one`)
    t.same(await goOn(young, held), GOOD, `round ${round}, at a new node`)
    for (const { hearing } of fresh.streams) hearing.leave()
  }
  t.equal(keys.size, ROUNDS * RINGS.length, 'both nodes that rotate at once rotate once')

  await Promise.all(RINGS.map((name) => young.rings[name].rotate({ when: 'now', retireOthers: true })))
  const after = await openNode(t)
  t.same(
    await goOn(after, held),
    {
      sessions: new Set([404]),
      states: new Set([-32_602]),
      cursors: new Set([-32_602]),
      tickets: new Set([404]),
    },
    'in an emergency what the other keys sealed is refused, in the words of each',
  )
  for (const { hearing } of held.streams) hearing.leave()
})
