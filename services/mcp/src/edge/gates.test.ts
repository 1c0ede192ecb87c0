import { defineCatalog, definePrompt, defineResource, defineTool } from '@gatehouse/catalog'
import { systemClock } from '@gatehouse/contracts'
import type { Profile } from '@gatehouse/profiles'
import { eventually } from '@gatehouse/testkit'
import { createTokenVerifier, localJwks } from '@gatehouse/token'
import { t as file, type Test, test } from 'tap'
import { z } from 'zod'
import type { PrincipalFacts } from '../deps.ts'
import { initialize } from '../testing/legacy-client.ts'
import { ISSUER, jwks, openParts, openRig, PROFILE, type Rig } from '../testing/rig.ts'
import { META, VERSION } from '../testing/wire.ts'
import {
  type Answer,
  BASE,
  CALL,
  type Cell,
  expected,
  type Mode,
  OTHERS,
  originOf,
  product,
  rightsAndEdges,
  type Surface,
  scopesOf,
  slugOf,
} from './gates.cases.ts'
import { hostVerifiers } from './host-verifiers.ts'

/** Cells of the product of gates, over the wire: the first gate that refuses is the answer, and each answer is pinned. */

const LEGACY = '2025-11-25'
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
/** Requests under way at once. */
const AT_ONCE = 32

const keyOf = (cell: Cell): string => `notes_${slugOf(cell)}.${scopesOf(cell).join('.')}`.replaceAll(':', '~')

/** The key of a workspace is one, whatever scopes the test gives it: its tasks are its own. */
async function factsOf(key: string): Promise<PrincipalFacts> {
  const [tenant = '', ...scopes] = key.slice('notes_'.length).replaceAll('~', ':').split('.')
  return { tenant, keyId: `key-of-${tenant}`, scopes: scopes.filter(Boolean), issuedAt: 1 }
}

const needs = { scopes: ['notes:read', 'notes:only'], permissions: ['notes:write'] }
const about = { ...needs, title: 'Gated', description: 'Needs everything.' }
const resource = { ...about, mimeType: 'text/plain', subscribable: true, read: async () => 'done' }

const gated = defineCatalog({
  name: 'notes',
  schema: { name: 'notes', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [
    defineTool<object>()({
      ...about,
      name: 'gated',
      effect: 'reads',
      task: 'optional',
      input: z.object({}),
      output: z.object({ said: z.string() }),
      run: async () => ({ said: 'done' }),
    }),
  ],
  resources: [
    defineResource<object>()({ ...resource, name: 'gated', path: 'gated' }),
    defineResource<object>()({ ...resource, name: 'gated-one', path: 'gated/{id}' }),
  ],
  prompts: [
    definePrompt<object>()({
      ...about,
      name: 'gated',
      arguments: z.object({ word: z.string() }),
      complete: { word: async () => ['done'] },
      get: async ({ word }) => [{ role: 'user', content: { type: 'text', text: word } }],
    }),
  ],
  changes: [],
  open: () => () => ({}),
  demo: async () => undefined,
})

const few = { name: 'notes:few', text: 'Few notes', implies: [], narrowing: true }
const profileOf = (mode: Mode): Profile => ({
  ...PROFILE,
  scopes: [...PROFILE.scopes, few],
  tenancy: { ...PROFILE.tenancy, by: mode },
})

const parts = await openParts()
const common = { publicUrl: BASE, catalogs: [{ catalog: gated, domain: () => ({}) }], exchangeKey: factsOf }
const verifying = { jwks: localJwks(() => jwks), clock: systemClock, feed: parts.feed.view }
const rigs: Readonly<Record<Mode, Rig>> = {
  account: await openRig(parts, {
    ...common,
    profile: profileOf('account'),
    verifier: createTokenVerifier({ ...verifying, issuers: [ISSUER], audiences: [`${BASE}/mcp`] }),
  }),
  host: await openRig(parts, { ...common, profile: profileOf('host'), verifierAt: hostVerifiers(verifying) }),
}
file.teardown(async () => {
  for (const rig of Object.values(rigs)) await rig.close()
  await parts.close()
})
for (const slug of new Set(product.filter(({ tenant }) => tenant === 'known').map(slugOf))) await makeTenant(slug)

async function makeTenant(slug: string): Promise<void> {
  const [, plan, status, mcp] = slug.split('-') as [string, string, 'active' | 'suspended', string]
  const known = new Promise<void>((resolve) => {
    const stop = parts.feed.view.onTenant(({ tenant }) => {
      if (tenant !== slug) return
      stop()
      resolve()
    })
  })
  await parts.auth.setTenant({
    ...{ tenant: slug, slug, name: slug, status },
    plan: plan === 'with' ? 'business' : 'free',
    mcp: mcp === 'on',
  })
  await known
}

const tokens = new Map<string, Promise<string>>()
function credentialOf(cell: Cell): Promise<string> | string | undefined {
  if (cell.credential === 'none') return undefined
  if (cell.credential === 'bad') return 'bad'
  if (cell.credential === 'key') return keyOf(cell)
  const origin = originOf(cell)
  const claims = {
    ...{ iss: cell.mode === 'account' ? ISSUER : origin, aud: `${origin}/mcp`, tenant_id: slugOf(cell) },
    ...{ scope: scopesOf(cell).join(' '), roles: [cell.permission === 'has' ? 'owner' : 'viewer'] },
  }
  const name = JSON.stringify(claims)
  const token = tokens.get(name) ?? rigs[cell.mode].token(claims)
  tokens.set(name, token)
  return token
}

async function post(cell: Cell, headers: Readonly<Record<string, string>>, payload: object) {
  const credential = await credentialOf(cell)
  return rigs[cell.mode].server.inject({
    method: 'POST',
    url: '/mcp',
    headers: {
      host: new URL(originOf(cell)).host,
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      ...headers,
    },
    payload,
    payloadAsStream: true,
  })
}

/** In the revision that has the method; what lasts longer than a request, in a session where the edge lets one begin. */
async function send(cell: Cell, { method, params }: Surface, capabilities: object = {}) {
  if (method === 'resources/subscribe') {
    const begun = await post(cell, {}, initialize(LEGACY, {}))
    begun.stream().resume()
    const session = begun.headers['mcp-session-id']
    const named = session === undefined ? {} : { 'mcp-session-id': String(session) }
    return post(cell, { 'mcp-protocol-version': LEGACY, ...named }, { jsonrpc: '2.0', id: 1, method, params })
  }
  const name = params.name ?? params.uri ?? params.taskId
  const headers = {
    ...{ 'mcp-protocol-version': VERSION, 'mcp-method': method },
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  }
  const meta = { ...META, 'io.modelcontextprotocol/clientCapabilities': capabilities }
  return post(cell, headers, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } })
}

async function ask(cell: Cell, surface: Surface): Promise<Answer> {
  const answer = await send(cell, surface, surface.method === 'tasks/get' ? TASKS : {})
  const { error, result, params } = await firstMessage(answer.stream())
  const header = String(answer.headers['www-authenticate'] ?? '')
  return {
    status: answer.statusCode,
    code: error?.code ?? (result?.isError === true ? 'tool error' : 'result'),
    text: error?.message ?? surface.read(result ?? params),
    challenge:
      header === ''
        ? 'none'
        : ((/error="(invalid_token|insufficient_scope)"/.exec(header)?.[1] ?? 'sign in') as Answer['challenge']),
  }
}

/** Of a stream what it begins with; it is left then. */
async function firstMessage(body: AsyncIterable<Buffer>) {
  let text = ''
  for await (const part of body) {
    text += part.toString()
    const framed = /^data: (.*)\n\n/m.exec(text)?.[1]
    if (framed !== undefined) return JSON.parse(framed)
  }
  return JSON.parse(text)
}

/** A task that has come to its end, of who may do everything in this mode with this kind of credential. */
async function taskOf(mode: Mode, credential: Cell['credential']): Promise<string> {
  const cell = product.find((one) => one.mode === mode && one.credential === credential && isDone(one))
  if (cell === undefined) throw new Error('nobody may do everything')
  const made = await firstMessage((await send(cell, CALL, TASKS)).stream())
  const params = { taskId: String(made.result.taskId) }
  await eventually(10_000, 'the end of a task', async () => {
    const seen = await send(cell, { ...CALL, method: 'tasks/get', params }, TASKS)
    return (await firstMessage(seen.stream())).result?.status === 'completed'
  })
  return params.taskId
}
const isDone = (cell: Cell): boolean => expected(cell, CALL).text === CALL.done

/** Asks for each, and finds what another answer than the expected one is. */
async function judge(t: Test, cells: readonly Cell[], surface: Surface, least: number): Promise<void> {
  const wrong: unknown[] = []
  const met = new Set<string>()
  const waiting = [...cells]
  const tasks = new Map<string, Promise<string>>()
  const aimed = async (cell: Cell): Promise<Surface> => {
    if (surface.method !== 'tasks/get') return surface
    const credential = cell.credential === 'key' ? 'key' : 'oauth'
    const task = tasks.get(cell.mode + credential) ?? taskOf(cell.mode, credential)
    tasks.set(cell.mode + credential, task)
    return { ...surface, params: { taskId: await task } }
  }
  const work = async (): Promise<void> => {
    for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
      const found = await ask(cell, await aimed(cell))
      const wanted = expected(cell, surface)
      met.add(`${cell.mode} ${JSON.stringify(wanted)}`)
      if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push({ cell, found, wanted })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  t.same(wrong.slice(0, 3), [], `${wrong.length} of ${cells.length} cells are another answer`)
  t.ok(met.size >= least, `each gate was the one that refused: ${met.size} answers`)
}

test('the full product of gates, by account and by host [O2, O6, O7, Z9, L21]', async (t) => {
  t.equal(product.length, 1_536)
  await judge(t, product, CALL, 20)
})

test('the same gates in the same order before everything else that a client asks for', async (t) => {
  for (const surface of OTHERS) {
    await t.test(surface.method, (t) => judge(t, rightsAndEdges, surface, 10))
  }
})
