/** Gates, surfaces and what each cell of their product answers. */

export const BASE = 'https://app.example'
const MODES = ['account', 'host'] as const
export type Mode = (typeof MODES)[number]

export interface Cell {
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

/** Every cell. */
export const product = (Object.keys(VALUES) as (keyof Cell)[]).reduce<readonly Record<string, string>[]>(
  (cells, name) => cells.flatMap((cell) => VALUES[name].map((value) => ({ ...cell, [name]: value }))),
  [{}],
) as unknown as readonly Cell[]

/** Something that a client asks for. Each needs the same rights here. */
export interface Surface {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** How it says that a right is missing, where that is no challenge. */
  readonly lacking: 'a tool error' | 'an error' | 'left out' | 'left out but for scope'
  /** What it says of a result. */
  readonly read: (result: Result) => string
  /** What that is for who may do everything. */
  readonly done: string
}

// biome-ignore lint/suspicious/noExplicitAny: each method has its own
type Result = any

const names = (list: readonly { readonly name: string }[]): string => list.map(({ name }) => name).join()
const URI = 'notes://gated'
const ref = { type: 'ref/prompt', name: 'gated' }

export const CALL: Surface = {
  ...{ method: 'tools/call', params: { name: 'gated', arguments: {} }, lacking: 'a tool error', done: 'done' },
  read: ({ structuredContent, content }) => structuredContent?.said ?? content[0].text,
}

/** All but calls; tasks are asked for by an id that the test puts in. */
export const OTHERS: readonly Surface[] = [
  { method: 'tools/list', params: {}, lacking: 'left out', read: ({ tools }) => names(tools), done: 'gated' },
  { method: 'prompts/list', params: {}, lacking: 'left out', read: ({ prompts }) => names(prompts), done: 'gated' },
  { method: 'resources/list', params: {}, lacking: 'left out', read: (all) => names(all.resources), done: 'gated' },
  {
    ...{ method: 'resources/templates/list', params: {}, lacking: 'left out', done: 'gated-one' },
    read: ({ resourceTemplates }) => names(resourceTemplates),
  },
  {
    ...{ method: 'resources/read', params: { uri: URI }, lacking: 'an error', done: 'done' },
    read: ({ contents }) => contents[0].text,
  },
  {
    ...{ method: 'prompts/get', params: { name: 'gated', arguments: { word: 'a' } }, lacking: 'an error', done: 'a' },
    read: ({ messages }) => messages[0].content.text,
  },
  {
    ...{ method: 'completion/complete', params: { ref, argument: { name: 'word', value: '' } }, lacking: 'an error' },
    ...{ read: ({ completion }) => completion.values.join(), done: 'done' },
  },
  { method: 'tasks/get', params: {}, lacking: 'an error', read: ({ status }) => status, done: 'completed' },
  { method: 'resources/subscribe', params: { uri: URI }, lacking: 'an error', read: () => 'done', done: 'done' },
  {
    ...{ method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: [URI] } } },
    ...{ lacking: 'left out but for scope', done: URI },
    read: ({ notifications }) => notifications.resourceSubscriptions.join(),
  },
]

export interface Answer {
  readonly status: number
  /** JSON-RPC code; `result` and `tool error` are results. */
  readonly code: number | 'result' | 'tool error'
  readonly text: string
  readonly challenge: 'none' | 'sign in' | 'invalid_token' | 'insufficient_scope'
}

const nothing: Answer = { status: 404, code: 404, text: 'Nothing is served at this path.', challenge: 'none' }
const OF_KEY = 'Who manages the API keys of your workspace can add it to this key.'

type Gate = (cell: Cell, surface: Surface) => Answer | undefined

const allowed = (text: string): Answer => ({ status: 200, code: 'result', text, challenge: 'none' })
/** What lists and streams leave out is no refusal of the request. */
const refused: Readonly<Record<Surface['lacking'], (text: string) => Answer>> = {
  'a tool error': (text) => ({ ...allowed(text), code: 'tool error' }),
  'an error': (text) => ({ ...allowed(text), code: -32_602 }),
  'left out': () => allowed(''),
  'left out but for scope': () => allowed(''),
}

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
  scope: ({ scope, credential }, { lacking }) => {
    if (scope === 'has') return undefined
    if (lacking === 'left out') return refused[lacking]('')
    const kind = lacking === 'left out but for scope' ? 'an error' : lacking
    if (credential === 'key') return refused[kind](`Missing required scope: notes:read. ${OF_KEY}`)
    const text = 'Missing required scope: notes:read. Authorize again and ask for: notes:read'
    return { status: 403, code: 403, text, challenge: 'insufficient_scope' }
  },
  narrowing: ({ narrowing, credential }, { lacking }) => {
    if (credential === 'key')
      return narrowing === 'has' ? undefined : refused[lacking](`Missing required scope: notes:only. ${OF_KEY}`)
    const text =
      'This token was narrowed to other scopes: authorize again with this one too, or without any that narrows.'
    return narrowing === 'lacks' ? refused[lacking](`Missing required scope: notes:only. ${text}`) : undefined
  },
  permission: ({ permission, credential }, { lacking }) =>
    permission === 'has' || credential === 'key'
      ? undefined
      : refused[lacking](
          'Missing permission: notes:write. It comes with the role owner or member; an administrator of your workspace can give it.',
        ),
}
const ORDER: Readonly<Record<Mode, readonly (keyof typeof GATES)[]>> = {
  account: ['credential', 'tenant', 'plan', 'status', 'mcp', 'scope', 'narrowing', 'permission'],
  host: ['tenant', 'plan', 'credential', 'status', 'mcp', 'scope', 'narrowing', 'permission'],
}

export const expected = (cell: Cell, surface: Surface): Answer =>
  ORDER[cell.mode].map((gate) => GATES[gate]?.(cell, surface)).find((answer) => answer !== undefined) ??
  allowed(surface.done)

export const slugOf = ({ tenant, plan, status, mcp }: Cell): string =>
  tenant === 'unknown' ? 'nobody' : `t-${plan}-${status}-${mcp}`
export const originOf = (cell: Cell): string => (cell.mode === 'account' ? BASE : `https://${slugOf(cell)}.app.example`)
export const scopesOf = ({ scope, narrowing }: Cell): string[] => [
  ...(scope === 'has' ? ['notes:read'] : []),
  ...(narrowing === 'has' ? ['notes:only'] : narrowing === 'lacks' ? ['notes:few'] : []),
]

/**
 * For what is not the full product: who may come in meets each combination of rights, and who may not is refused by each gate of the edge alone,
 * with all rights and with none.
 */
export const rightsAndEdges = product.filter((cell) => {
  const closed = [
    cell.tenant !== 'known',
    cell.plan !== 'with',
    cell.status !== 'active',
    cell.mcp !== 'on',
    cell.credential === 'none',
    cell.credential === 'bad',
  ].filter(Boolean).length
  const all = cell.scope === 'has' && cell.narrowing !== 'lacks' && cell.permission === 'has'
  const none = cell.scope === 'lacks' && cell.narrowing === 'lacks' && cell.permission === 'lacks'
  return closed === 0 || (closed === 1 && (all || none))
})
