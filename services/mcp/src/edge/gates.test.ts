import { defineCatalog, defineTool } from '@gatehouse/catalog'
import { systemClock } from '@gatehouse/contracts'
import type { Profile } from '@gatehouse/profiles'
import { createTokenVerifier, localJwks } from '@gatehouse/token'
import { test } from 'tap'
import { z } from 'zod'
import type { PrincipalFacts } from '../deps.ts'
import { ISSUER, jwks, openParts, openRig, PROFILE, type Rig } from '../testing/rig.ts'
import { META, VERSION } from '../testing/wire.ts'
import { hostVerifiers } from './host-verifiers.ts'

/** Every cell of the product of gates, over the wire: the first gate that refuses is the answer, and each answer is pinned. */

const BASE = 'https://app.example'
const MODES = ['account', 'host'] as const
type Mode = (typeof MODES)[number]

interface Cell {
  readonly mode: Mode
  readonly tenant: 'known' | 'unknown'
  readonly plan: 'with' | 'without'
  readonly status: 'active' | 'suspended'
  readonly mcp: 'on' | 'off'
  readonly credential: 'none' | 'bad' | 'oauth' | 'key'
  readonly scope: 'has' | 'lacks'
  /** `none`: no scope that narrows is among those of the credential. */
  readonly narrowing: 'none' | 'has' | 'lacks'
  readonly permission: 'has' | 'lacks'
}

const VALUES: { readonly [K in keyof Cell]: readonly Cell[K][] } = {
  mode: MODES,
  tenant: ['known', 'unknown'],
  plan: ['with', 'without'],
  status: ['active', 'suspended'],
  mcp: ['on', 'off'],
  credential: ['none', 'bad', 'oauth', 'key'],
  scope: ['has', 'lacks'],
  narrowing: ['none', 'has', 'lacks'],
  permission: ['has', 'lacks'],
}

const product = (Object.keys(VALUES) as (keyof Cell)[]).reduce<readonly Record<string, string>[]>(
  (cells, name) => cells.flatMap((cell) => VALUES[name].map((value) => ({ ...cell, [name]: value }))),
  [{}],
) as unknown as readonly Cell[]

interface Answer {
  readonly status: number
  /** JSON-RPC code; `result` and `tool error` are results. */
  readonly code: number | 'result' | 'tool error'
  readonly text: string
  readonly challenge: 'none' | 'sign in' | 'invalid_token' | 'insufficient_scope'
}

const nothing: Answer = { status: 404, code: 404, text: 'Nothing is served at this path.', challenge: 'none' }
const toolError = (text: string): Answer => ({ status: 200, code: 'tool error', text, challenge: 'none' })
const OF_KEY = 'Who manages the API keys of your workspace can add it to this key.'

type Gate = (cell: Cell) => Answer | undefined

const GATES: Readonly<Record<string, Gate>> = {
  tenant: ({ tenant, mode }) =>
    tenant === 'known'
      ? undefined
      : mode === 'host'
        ? nothing
        : {
            status: 401,
            code: 401,
            text: 'The workspace of this credential is not known.',
            challenge: 'invalid_token',
          },
  plan: ({ plan }) => (plan === 'with' ? undefined : nothing),
  credential: ({ credential }) => {
    if (credential === 'none') {
      const text = 'A credential is needed: sign in as the WWW-Authenticate header says.'
      return { status: 401, code: 401, text, challenge: 'sign in' }
    }
    if (credential !== 'bad') return undefined
    return { status: 401, code: 401, text: 'The credential is not valid, or no longer.', challenge: 'invalid_token' }
  },
  status: (cell) => {
    if (cell.status === 'active') return undefined
    const text = `This workspace is suspended. See ${originOf(cell)}/settings/billing to restore it.`
    return { status: 423, code: 423, text, challenge: 'none' }
  },
  mcp: ({ mcp }) => {
    if (mcp === 'on') return undefined
    const text = 'MCP is not enabled for this workspace. Its administrator can ask for it.'
    return { status: 403, code: 403, text, challenge: 'none' }
  },
  scope: ({ scope, credential }) => {
    if (scope === 'has') return undefined
    if (credential === 'key') return toolError(`Missing required scope: notes:read. ${OF_KEY}`)
    const text = 'Missing required scope: notes:read. Authorize again and ask for: notes:read'
    return { status: 403, code: 403, text, challenge: 'insufficient_scope' }
  },
  narrowing: ({ narrowing, credential }) => {
    if (credential === 'key')
      return narrowing === 'has' ? undefined : toolError(`Missing required scope: notes:only. ${OF_KEY}`)
    const text =
      'This token was narrowed to other scopes: authorize again with this one too, or without any that narrows.'
    return narrowing === 'lacks' ? toolError(`Missing required scope: notes:only. ${text}`) : undefined
  },
  permission: ({ permission, credential }) =>
    permission === 'has' || credential === 'key'
      ? undefined
      : toolError(
          'Missing permission: notes:write. It comes with the role owner or member; an administrator of your workspace can give it.',
        ),
}
const ORDER: Readonly<Record<Mode, readonly (keyof typeof GATES)[]>> = {
  account: ['credential', 'tenant', 'plan', 'status', 'mcp', 'scope', 'narrowing', 'permission'],
  host: ['tenant', 'plan', 'credential', 'status', 'mcp', 'scope', 'narrowing', 'permission'],
}
const DONE: Answer = { status: 200, code: 'result', text: 'done', challenge: 'none' }

const expected = (cell: Cell): Answer =>
  ORDER[cell.mode].map((gate) => GATES[gate]?.(cell)).find((answer) => answer !== undefined) ?? DONE

const slugOf = ({ tenant, plan, status, mcp }: Cell): string =>
  tenant === 'unknown' ? 'nobody' : `t-${plan}-${status}-${mcp}`
const originOf = (cell: Cell): string => (cell.mode === 'account' ? BASE : `https://${slugOf(cell)}.app.example`)
const scopesOf = ({ scope, narrowing }: Cell): string[] => [
  ...(scope === 'has' ? ['notes:read'] : []),
  ...(narrowing === 'has' ? ['notes:only'] : narrowing === 'lacks' ? ['notes:few'] : []),
]
const keyOf = (cell: Cell): string => `notes_${slugOf(cell)}.${scopesOf(cell).join('.')}`.replaceAll(':', '~')

async function factsOf(key: string): Promise<PrincipalFacts> {
  const [tenant = '', ...scopes] = key.slice('notes_'.length).replaceAll('~', ':').split('.')
  return { tenant, keyId: key, scopes: scopes.filter(Boolean), issuedAt: 1 }
}

const gated = defineCatalog({
  name: 'notes',
  schema: { name: 'notes', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [
    defineTool<object>()({
      name: 'gated',
      title: 'Gated',
      description: 'Needs everything.',
      scopes: ['notes:read', 'notes:only'],
      permissions: ['notes:write'],
      effect: 'reads',
      input: z.object({}),
      output: z.object({ said: z.string() }),
      run: async () => ({ said: 'done' }),
    }),
  ],
  resources: [],
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

async function ask(rig: Rig, cell: Cell, token: string | undefined): Promise<Answer> {
  const answer = await rig.server.inject({
    method: 'POST',
    url: '/mcp',
    headers: {
      host: new URL(originOf(cell)).host,
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...{ 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': 'gated' },
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    payload: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'gated', arguments: {}, _meta: META } },
  })
  const { error, result } = answer.json()
  const header = String(answer.headers['www-authenticate'] ?? '')
  return {
    status: answer.statusCode,
    code: error?.code ?? (result.isError === true ? 'tool error' : 'result'),
    text: error?.message ?? result.structuredContent?.said ?? result.content[0].text,
    challenge:
      header === ''
        ? 'none'
        : ((/error="(invalid_token|insufficient_scope)"/.exec(header)?.[1] ?? 'sign in') as Answer['challenge']),
  }
}

test('the full product of gates, by account and by host [O2, O6, O7, Z9, L21]', async (t) => {
  const parts = await openParts()
  t.teardown(() => parts.close())
  const common = { publicUrl: BASE, catalogs: [{ catalog: gated, domain: () => ({}) }], exchangeKey: factsOf }
  const verifying = { jwks: localJwks(() => jwks), clock: systemClock, feed: parts.feed.view }
  const rigs: Record<Mode, Rig> = {
    account: await openRig(parts, {
      ...common,
      profile: profileOf('account'),
      verifier: createTokenVerifier({ ...verifying, issuers: [ISSUER], audiences: [`${BASE}/mcp`] }),
    }),
    host: await openRig(parts, { ...common, profile: profileOf('host'), verifierAt: hostVerifiers(verifying) }),
  }
  t.teardown(() => rigs.account.close())
  t.teardown(() => rigs.host.close())
  const slugs = new Set(product.filter(({ tenant }) => tenant === 'known').map(slugOf))
  for (const slug of slugs) {
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

  const credentialOf = async (cell: Cell, rig: Rig): Promise<string | undefined> => {
    if (cell.credential === 'none') return undefined
    if (cell.credential === 'bad') return 'bad'
    if (cell.credential === 'key') return keyOf(cell)
    const origin = originOf(cell)
    return rig.token({
      ...{ iss: cell.mode === 'account' ? ISSUER : origin, aud: `${origin}/mcp`, tenant_id: slugOf(cell) },
      ...{ scope: scopesOf(cell).join(' '), roles: [cell.permission === 'has' ? 'owner' : 'viewer'] },
    })
  }
  const wrong: unknown[] = []
  const met = new Set<string>()
  for (const cell of product) {
    const rig = rigs[cell.mode]
    const found = await ask(rig, cell, await credentialOf(cell, rig))
    const wanted = expected(cell)
    met.add(`${cell.mode} ${JSON.stringify(wanted)}`)
    if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push({ cell, found, wanted })
  }
  t.same(wrong.slice(0, 3), [], `${wrong.length} of ${product.length} cells are another answer`)
  t.equal(product.length, 1_536)
  t.ok(met.size >= 20, 'each gate was the one that refused')
})
