import type { Registry } from '../registry/build.ts'
import { FEATURES, type Revision } from './revisions.ts'

/** The methods that this deployment answers, by era. What is not in it is not found, and not declared either. */
export interface Offered {
  readonly modern: ReadonlySet<string>
  readonly legacy: ReadonlySet<string>
}

/** Features beside the catalogs. */
export interface Extras {
  /** The tasks extension, in the stateless era. */
  readonly tasks?: boolean
  /** Sessions of the legacy era, with a stream on which notifications reach the client. */
  readonly sessions?: boolean
}

/** What follows from the catalogs: lists of what there is, and what can be done with it. */
export function offeredBy(registry: Registry, extras: Extras = {}): Offered {
  const both = [
    ...(registry.tools.size > 0 ? ['tools/list', 'tools/call'] : []),
    ...(registry.resources.length > 0 ? ['resources/list', 'resources/templates/list', 'resources/read'] : []),
    ...(registry.prompts.size > 0 ? ['prompts/list', 'prompts/get'] : []),
    ...(registry.completes ? ['completion/complete'] : []),
  ]
  const tasks = extras.tasks === true ? ['tasks/get', 'tasks/update', 'tasks/cancel'] : []
  const sessions =
    extras.sessions === true
      ? [
          ...(registry.logs ? ['logging/setLevel'] : []),
          ...(subscribable(registry) ? ['resources/subscribe', 'resources/unsubscribe'] : []),
        ]
      : []
  return {
    modern: new Set(['server/discover', 'subscriptions/listen', ...both, ...tasks]),
    legacy: new Set(['initialize', 'ping', ...both, ...sessions]),
  }
}

const subscribable = (registry: Registry): boolean => registry.resources.some(({ resource }) => resource.subscribable)

/** The capabilities that this deployment really has in a revision. */
export function capabilitiesOf(registry: Registry, revision: Revision, extras: Extras = {}): Record<string, unknown> {
  const { stateless, annotations } = FEATURES[revision]
  // A legacy client without a session has no stream on which a notification could reach it.
  const told = stateless || extras.sessions === true
  const changes = (list: 'tools' | 'resources' | 'prompts') =>
    told && registry.changingLists.has(list) ? { listChanged: true } : {}
  return {
    ...(registry.tools.size > 0 ? { tools: changes('tools') } : {}),
    ...(registry.resources.length > 0
      ? { resources: { ...(told && subscribable(registry) ? { subscribe: true } : {}), ...changes('resources') } }
      : {}),
    ...(registry.prompts.size > 0 ? { prompts: changes('prompts') } : {}),
    ...(registry.completes && annotations ? { completions: {} } : {}),
    ...(told && registry.logs ? { logging: {} } : {}),
    ...(stateless && extras.tasks === true ? { extensions: { 'io.modelcontextprotocol/tasks': {} } } : {}),
  }
}
