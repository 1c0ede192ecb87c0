import type { Credential, Holder } from './holder.ts'
import { argumentsFor, call, callTaking, inSession, type Objects, openSession } from './objects.ts'
import { CANARY, type World } from './world.ts'

/** What one probe came to. */
export interface Outcome {
  /** Everything that came back. */
  readonly text: string
  /** Something was shown or done. */
  readonly done: boolean
}

/** One way to reach for a thing of another tenant. */
export interface Kind {
  readonly name: string
  /** How many of a hundred probes are of this kind. */
  readonly weight: number
  /** Whether the thing exists: such probes are those that count. */
  readonly aimed: boolean
  /** @param who the stranger; the owner for the positive control */
  probe(who: Holder, pick: Pick): Promise<Outcome>
  /** What proves that the probe would find something, when the owner does the same. */
  readonly control: (outcome: Outcome) => boolean
}

export interface Pick {
  of<T>(list: readonly T[]): T
  /** 0 ≤ n < 1 */
  number(): number
}

export const leaks = ({ text }: Outcome): boolean => text.includes(CANARY)

/** Repeatable random numbers (mulberry32). */
export function pickOf(seed: number): Pick {
  let state = seed >>> 0
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    number,
    of(list) {
      if (list.length === 0) throw new Error('nothing to pick from')
      return list[Math.floor(number() * list.length)] as (typeof list)[number]
    },
  }
}

/** Half of them from a table that is called like the field: `project_id` and `projectId` from `projects`. */
function idFor(field: string, { ids, idsByTable }: Objects, pick: Pick): string {
  const stem = field.replace(/_?ids?$/i, '').toLowerCase()
  const fitting = stem === '' ? [] : [...idsByTable].flatMap(([table, of]) => (table.includes(stem) ? of : []))
  return pick.of(fitting.length > 0 && pick.number() < 0.5 ? fitting : ids)
}

const filledIn = (example: Readonly<Record<string, unknown>>, { ids }: Objects, pick: Pick): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(example).map(([key, value]) => {
      const beginning = typeof value === 'string' && value.endsWith('…') ? value.slice(0, -1) : undefined
      const fitting = beginning === undefined ? [] : ids.filter((id) => id.startsWith(beginning))
      return [key, fitting.length > 0 ? pick.of(fitting) : value]
    }),
  )

/** The kinds of a world; sessions of the stranger are opened here. */
export async function kindsOf(world: World, there: Objects): Promise<readonly Kind[]> {
  const sessions = new Map<Holder, string>([
    [world.stranger, await openSession(world, world.stranger.token)],
    [world.owner, there.session],
  ])
  const { paths } = world.profile
  const credential = (who: Holder, pick: Pick): Credential => (pick.number() < 0.7 ? who.token : who.key)
  const page = async (asked: Promise<{ readonly status: number; readonly text: string }>): Promise<Outcome> => {
    const { status, text } = await asked
    return { text, done: status < 400 }
  }
  const readers = there.tools.filter(({ annotations }) => annotations?.readOnlyHint === true)
  const writers = there.tools.filter(({ annotations }) => annotations?.readOnlyHint !== true)
  const tool = async (who: Holder, pick: Pick, tools: typeof readers): Promise<Outcome> => {
    const { name, inputSchema } = pick.of(tools)
    const text = (field: string): string =>
      /id$/i.test(field) || pick.number() < 0.3 ? idFor(field, there, pick) : CANARY.slice(0, 6)
    const examples = world.examples.get(name) ?? []
    const given =
      examples.length > 0 && pick.number() < 0.5
        ? filledIn(pick.of(examples), there, pick)
        : argumentsFor(inputSchema, text)
    return call(world, credential(who, pick), 'tools/call', { name, arguments: given })
  }
  const kinds: (Kind & { readonly needs: number })[] = [
    {
      name: 'resources by URI',
      weight: 26,
      aimed: true,
      needs: there.uris.length,
      probe: (who, pick) => call(world, credential(who, pick), 'resources/read', { uri: pick.of(there.uris) }),
      control: leaks,
    },
    {
      name: 'tools that read, by id and by words',
      weight: 20,
      aimed: true,
      needs: readers.length,
      probe: (who, pick) => tool(who, pick, readers),
      control: leaks,
    },
    {
      name: 'tools that write, by id',
      weight: 18,
      aimed: true,
      needs: writers.length,
      probe: (who, pick) => tool(who, pick, writers),
      control: ({ done }) => done,
    },
    {
      name: 'cursors of pages',
      weight: 6,
      aimed: true,
      needs: there.pages.length,
      probe(who, pick) {
        const { name, arguments: given } = pick.of(there.pages)
        return call(world, credential(who, pick), 'tools/call', { name, arguments: given })
      },
      control: leaks,
    },
    {
      name: 'tasks',
      weight: 4,
      aimed: true,
      needs: there.tasks.length,
      async probe(who, pick) {
        const taskId = pick.of(there.tasks)
        const method = who === world.owner ? 'tasks/get' : pick.of(['tasks/get', 'tasks/cancel', 'tasks/update'])
        const params = { taskId, ...(method === 'tasks/update' ? { inputResponses: {} } : {}) }
        const { text } = await callTaking(world, who.token, method, params, taskId)
        // What it came to may be an error of the tool's: that it is answered at all is enough.
        const done = text.includes('"result":')
        return { text: done ? `${CANARY} ${text}` : text, done }
      },
      control: ({ done }) => done,
    },
    {
      name: 'subscriptions',
      weight: 6,
      aimed: true,
      needs: there.uris.length,
      probe: (who, pick) =>
        inSession(world, who.token, sessions.get(who) ?? '', 'resources/subscribe', { uri: pick.of(there.uris) }),
      control: ({ done }) => done,
    },
    {
      name: 'prompts and completions',
      weight: 10,
      aimed: true,
      needs: there.prompts.length,
      probe(who, pick) {
        const prompt = pick.of(there.prompts)
        const names = (prompt.arguments ?? []).map(({ name }) => name)
        if (pick.number() < 0.7 || names.length === 0) {
          const given = Object.fromEntries(names.map((name) => [name, pick.of(there.ids)]))
          return call(world, credential(who, pick), 'prompts/get', { name: prompt.name, arguments: given })
        }
        const argument = { name: pick.of(names), value: pick.of(['', CANARY.slice(0, 4)]) }
        return call(world, who.token, 'completion/complete', {
          ref: { type: 'ref/prompt', name: prompt.name },
          argument,
        })
      },
      control: leaks,
    },
    {
      name: 'sessions of MCP',
      weight: 6,
      aimed: true,
      needs: 1,
      probe: (who, pick) =>
        inSession(world, who.token, there.session, pick.of(['tools/list', 'ping', 'resources/list'])),
      control: ({ done }) => done,
    },
    {
      name: 'the host of another organisation, and its name in a header',
      weight: 6,
      aimed: true,
      needs: world.profile.tenancy.by === 'host' ? there.uris.length : 0,
      probe(who, pick) {
        const { host, 'x-tenant': slug = '' } = world.owner.key
        const elsewhere = pick.of([{ host }, { host, 'x-tenant': slug }, { 'x-tenant': slug }])
        return call(world, { ...credential(who, pick), ...elsewhere }, 'resources/read', { uri: pick.of(there.uris) })
      },
      control: leaks,
    },
    {
      name: 'API keys, consents, sessions and members on pages',
      weight: 4,
      aimed: true,
      needs: 1,
      probe(who, pick) {
        const { rows } = there
        const asked: readonly (readonly [string, Record<string, string>])[] = [
          [`${paths.apiKeys}/revoke`, { key: pick.of([...rows.keys, 'key_x']) }],
          [
            `${paths.apiKeys}/change`,
            { key: pick.of([...rows.keys, 'key_x']), name: 'mine', scope: world.profile.defaultScopes[0] ?? '' },
          ],
          [`${paths.authorizedApps}/revoke`, { consent: pick.of([...rows.consents, 'con_x']) }],
          ['/settings/security/session', { session: pick.of([...rows.sessions, 'ses_x']) }],
          ['/settings/members/role', { person: pick.of(rows.people), role: 'viewer' }],
          ['/settings/members/remove', { person: pick.of(rows.people) }],
          ['/settings/organisation', { tenant: world.owner.tenant }],
        ]
        const [path, form] = pick.of(asked)
        return who === world.owner ? page(who.pages.get('/settings/members')) : page(who.pages.post(path, form))
      },
      control: leaks,
    },
    {
      name: 'operator routes with credentials of a tenant',
      weight: 4,
      aimed: true,
      needs: 1,
      async probe(who, pick) {
        const { people, keys, grants } = there.rows
        const of = world.owner.tenant
        const [method, url] = pick.of([
          ['GET', `/admin/v1/tenants/${of}/people`],
          ['GET', `/admin/v1/tenants/${of}/api-keys`],
          ['DELETE', `/admin/v1/api-keys/${pick.of([...keys, 'key_x'])}`],
          ['GET', `/admin/v1/people/${pick.of(people)}`],
          ['DELETE', `/admin/v1/grants/${pick.of([...grants, 'grant_x'])}`],
          ['GET', `/admin/v1/explain?tenant=${of}&person=${pick.of(people)}`],
          ['GET', `/admin/v1/audit/events?tenant=${of}`],
          ['PATCH', `/admin/v1/tenants/${of}`],
        ] as const)
        const headers = credential(who, pick)
        const answer = await world.server.inject({
          method,
          url,
          headers,
          ...(method === 'PATCH' ? { payload: {} } : {}),
        })
        return { text: answer.body, done: answer.statusCode < 400 }
      },
      // No tenant's credential opens these, the owner's as little; the operator's does.
      control: ({ done }) => !done,
    },
    {
      name: 'what is beyond one’s scopes',
      weight: 2,
      aimed: false,
      needs: world.owner.readKey === undefined ? 0 : writers.length,
      async probe(who, pick) {
        const { name, inputSchema } = pick.of(writers)
        const asked = { name, arguments: argumentsFor(inputSchema, () => pick.of(there.ids)) }
        // Of the owner's own tenant, and still not for this key.
        const reply = await call(
          world,
          who === world.owner ? who.key : (world.owner.readKey ?? world.owner.key),
          'tools/call',
          asked,
        )
        // Where a part does not answer in time nobody has decided anything.
        const refused = /Missing required scope/.test(reply.text) || !reply.text.includes('"result":')
        return { text: who === world.owner || refused ? '' : `${CANARY} ${reply.text}`, done: !refused }
      },
      control: ({ done }) => done,
    },
    {
      name: 'words of the stranger’s own',
      weight: 4,
      aimed: false,
      needs: there.uris.length,
      probe: (who, pick) =>
        call(world, credential(who, pick), 'resources/read', {
          uri: `${pick.of(there.uris).slice(0, -1)}${Math.floor(pick.number() * 9)}`,
        }),
      control: () => true,
    },
  ]
  return kinds.filter(({ needs }) => needs > 0)
}
