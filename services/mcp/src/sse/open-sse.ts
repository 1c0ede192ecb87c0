import type { Profile } from '@gatehouse/profiles'
import type { Logger } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import type { Caller, Outcome } from '../calls/outcome.ts'
import type { createGuard } from '../edge/guard.ts'
import { classify, type RpcRequest } from '../protocol/classify.ts'
import type { EndpointDeps } from '../protocol/endpoint.ts'
import { greetingIn } from '../protocol/greetings.ts'
import type { Extras } from '../protocol/methods.ts'
import type { OpenedSessions } from '../sessions/open-sessions.ts'
import type { Hub } from '../streams/hub.ts'
import { createConnections } from './connections.ts'
import { createDelivery } from './delivery.ts'
import type { SseDeps } from './sse-endpoint.ts'

/** HTTP+SSE beside the endpoint of the later revisions: the same methods, sessions and limits, and a guard and a metadata URL of its own. */
export function openSse(deps: {
  readonly profile: Profile
  readonly paths: SseDeps['paths']
  readonly basePath: string
  readonly guard: ReturnType<typeof createGuard>
  readonly endpoint: EndpointDeps
  readonly extras: Extras
  readonly opened: OpenedSessions
  readonly sealer: SseDeps['sealer']
  readonly kv: Parameters<typeof createDelivery>[0]['kv']
  readonly hub: Hub
  readonly presence: SseDeps['presence']
  readonly feed: FeedView
  readonly log: Logger
  readonly now: () => number
  readonly maxUris: number
  readonly position: () => number
}): SseDeps {
  const { endpoint, opened, feed, now, position } = deps
  const { registry, offered } = endpoint
  const inRevision = (message: unknown, version?: string) =>
    classify(message, { version, method: undefined, name: undefined }, offered)
  const connections = createConnections({
    sessions: opened.sessions,
    questions: opened.questions,
    feed,
    log: deps.log,
    maxUris: deps.maxUris,
    position,
    requirementOf: opened.requirementOf,
    classify: inRevision,
    dispatch: (message, caller) => answered(endpoint, message, caller),
    greeting: (revision) => greetingIn(deps.profile, registry, revision, deps.extras),
  })
  return {
    ...endpoint,
    guard: deps.guard,
    paths: deps.paths,
    basePath: deps.basePath,
    sealer: deps.sealer,
    links: opened.links,
    hub: deps.hub,
    presence: deps.presence,
    lists: registry.changingLists,
    position,
    now,
    connections,
    delivery: createDelivery({ links: opened.links, kv: deps.kv, connections }),
    classify: (message) => inRevision(message),
    stillGood: (principal) =>
      principal.expiresAt * 1_000 > now() && feed.freshness() !== 'expired' && !feed.revoked(principal),
  }
}

async function answered({ dispatch }: EndpointDeps, message: RpcRequest, caller: Caller): Promise<Outcome> {
  const outcome = await dispatch(message, caller)
  if (outcome.kind === 'listen') throw new Error('a subscription cannot stand here')
  return outcome
}
