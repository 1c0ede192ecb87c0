import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ListName } from '@gatehouse/catalog'
import { decide, type Requirement, type Rules } from '@gatehouse/policy'
import { type Caller, type Outcome, refusedWith } from '../calls/outcome.ts'
import { refusalText } from '../calls/refusals.ts'
import { CODES, type RequestId } from '../errors.ts'
import type { Presence } from '../presence/presence.ts'
import { isObject, type Params } from '../protocol/classify.ts'
import type { Registry } from '../registry/build.ts'
import { tasksMissing } from '../tasks/methods.ts'
import { hasTasks } from '../tasks/task.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { Frames, SSE_HEADERS } from './frames.ts'
import type { Hub } from './hub.ts'
import { type Keeper, ListenStream } from './stream.ts'

export interface ListenDeps {
  readonly registry: Registry
  readonly rules: Rules
  readonly hub: Hub
  /** Told of each stream that opens and closes. */
  readonly presence: Pick<Presence, 'opened' | 'closed'>
  readonly clock: { now(): number }
  /** Which of these tasks the caller may be told of, and what is sent first. */
  readonly tasks: Pick<Tasks, 'offered' | 'held' | 'look'>
  readonly maxUris: number
  readonly serverInfo: unknown
}

/** A subscription that was granted: `open` writes it on an answer that nobody else writes to. */
export interface Granted {
  readonly kind: 'listen'
  open(raw: ServerResponse, headers: Readonly<Record<string, string | number | readonly string[]>>): void
}

/** `subscriptions/listen`: judges the filter; nothing is written before all of it is judged. */
export function createListen(
  deps: ListenDeps,
): (id: RequestId, params: Params, caller: Caller) => Outcome | Granted | Promise<Outcome | Granted> {
  const { hub, presence, clock } = deps
  const keeper: Keeper<ListenStream> = {
    now: () => clock.now(),
    ready: (stream) => hub.ready(stream),
    gone(stream) {
      hub.detach(stream)
      presence.closed(stream.id, 'closed')
    },
  }
  return (id, params, caller) => {
    const asked = readFilter(params.notifications, deps.maxUris)
    if (!asked.ok) return refusedWith(CODES.invalidParams, asked.fault)
    if (asked.tasks === undefined || !deps.tasks.offered) return grant(deps, keeper, { id, asked }, caller)
    if (!hasTasks(caller.client)) return tasksMissing(caller)
    return deps.tasks
      .held(caller, asked.tasks)
      .then((held) => (held.ok ? grant(deps, keeper, { id, asked, tasks: held.ids }, caller) : held.refused))
  }
}

interface Asked {
  readonly id: RequestId
  readonly asked: Filter & { readonly ok: true }
  /** Those of which the caller may be told; absent: none were asked for. */
  readonly tasks?: readonly string[]
}

function grant(
  deps: ListenDeps,
  keeper: Keeper<ListenStream>,
  { id, asked, tasks }: Asked,
  caller: Caller,
): Outcome | Granted {
  const { uris, lacking } = judgeUris(deps, asked.uris, caller)
  const lists = new Set(asked.lists.filter((list) => deps.registry.changingLists.has(list)))
  if (uris.size === 0 && lists.size === 0 && tasks === undefined && lacking !== undefined) return lacking

  const refused = deps.hub.refuses(caller.principal)
  if (refused !== undefined) return { kind: 'refused', refused }
  return {
    kind: 'listen',
    open(raw, headers) {
      // Gone while the request was judged: no `close` will be heard any more.
      if (raw.destroyed) return
      const frames = new Frames(id, deps.serverInfo)
      raw.writeHead(200, { ...headers, ...SSE_HEADERS })
      raw.write(frames.acknowledged(asked.uris === undefined ? undefined : [...uris.keys()], lists, tasks))
      forget(raw.req)
      const { principal, revision, httpId: requestId } = caller
      const stream = new ListenStream(
        {
          id: randomUUID(),
          raw,
          frames,
          principal,
          uris,
          ...(lists.size > 0 && { lists }),
          ...(tasks && { tasks: new Set(tasks) }),
        },
        keeper,
      )
      deps.hub.attach(stream)
      void deps.presence.opened({ id: stream.id, transport: 'listen', principal, revision, requestId })
      // What happened to them before is told as what they are now.
      for (const task of tasks ?? []) deps.tasks.look(principal.tenant, task)
    },
  }
}

/** What opened a stream is not kept for the hours that it lasts, its credential least of all. */
function forget(request: IncomingMessage): void {
  request.headers = {}
  request.rawHeaders = []
}

type Filter =
  | {
      readonly ok: true
      readonly uris: readonly string[] | undefined
      readonly lists: readonly ListName[]
      readonly tasks: readonly string[] | undefined
    }
  | { readonly ok: false; readonly fault: string }

const MAX_TASKS = 100

const SWITCHES = {
  toolsListChanged: 'tools',
  promptsListChanged: 'prompts',
  resourcesListChanged: 'resources',
} as const

/** Kinds that this server does not send are left out of the acknowledgement; that is no fault of the request. */
function readFilter(filter: unknown, maxUris: number): Filter {
  if (!isObject(filter)) return { ok: false, fault: 'params.notifications must be an object.' }
  const lists: ListName[] = []
  for (const [name, list] of Object.entries(SWITCHES)) {
    if (filter[name] === true) lists.push(list)
    else if (filter[name] !== undefined && filter[name] !== false) {
      return { ok: false, fault: `params.notifications.${name} must be a boolean.` }
    }
  }
  const { taskIds: tasks, resourceSubscriptions: uris } = filter
  if (tasks !== undefined && !isStrings(tasks)) {
    return { ok: false, fault: 'params.notifications.taskIds must be an array of strings.' }
  }
  if (tasks !== undefined && tasks.length > MAX_TASKS) {
    return { ok: false, fault: `At most ${MAX_TASKS} taskIds on one stream.` }
  }
  if (uris === undefined) return { ok: true, uris: undefined, lists, tasks }
  if (!isStrings(uris)) {
    return { ok: false, fault: 'params.notifications.resourceSubscriptions must be an array of strings.' }
  }
  if (uris.length > maxUris) return { ok: false, fault: `At most ${maxUris} resourceSubscriptions on one stream.` }
  return { ok: true, uris, lists, tasks }
}

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** The URIs that may be listened to, and what to answer if there is none left for want of scope. */
function judgeUris(
  deps: ListenDeps,
  asked: readonly string[] | undefined,
  caller: Caller,
): { readonly uris: ReadonlyMap<string, Requirement>; readonly lacking: Outcome | undefined } {
  const uris = new Map<string, Requirement>()
  const missing = new Set<string>()
  const whole = new Set<string>()
  let text: string | undefined
  for (const uri of asked ?? []) {
    const matched = deps.registry.match(uri)
    if (matched === undefined || !matched.registered.resource.subscribable) continue
    const { requirement } = matched.registered
    const decision = decide(caller.principal, caller.tenant, requirement, deps.rules)
    if (decision.allow) uris.set(uri, requirement)
    else if (decision.reason === 'scope.missing') {
      for (const scope of decision.missing) missing.add(scope)
      for (const scope of decision.whole) whole.add(scope)
      text = refusalText(decision, deps.rules, caller.principal)
    }
  }
  if (text === undefined) return { uris, lacking: undefined }
  const lacking: Outcome =
    caller.principal.credential === 'oauth'
      ? { kind: 'scope', missing: [...missing].sort(), whole: [...whole].sort() }
      : refusedWith(CODES.invalidParams, text)
  return { uris, lacking }
}
