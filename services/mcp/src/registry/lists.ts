import { decide, type Principal, type Requirement, type Rules, type TenantPolicy } from '@gatehouse/policy'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import type { RegisteredResource, RegisteredTool, Registry } from './build.ts'

export type ListKind = 'tools' | 'resources' | 'resourceTemplates'

export interface Lists {
  /** The result of a list method as JSON bytes: what this principal may use, in the shape of the revision. */
  list(kind: ListKind, principal: Principal, tenant: TenantPolicy, revision: Revision): Buffer
}

/** How many views are kept: (who may see what) × revision × list. */
const MAX_VIEWS = 1_024

/**
 * Lists are made once per visible set and revision and kept as bytes. A principal's visible set follows from its kind, scopes and roles;
 * the workspace's own gates were passed before. A list is never the gate: each call decides again.
 */
export function createLists(registry: Registry, rules: Rules, envelope: Envelope): Lists {
  const views = new Map<string, Buffer>()
  const sightOf = createSights()

  const make = (kind: ListKind, principal: Principal, tenant: TenantPolicy, revision: Revision): Buffer => {
    const visible = (entry: { readonly requirement: Requirement }): boolean =>
      decide(principal, tenant, entry.requirement, rules).allow
    const items =
      kind === 'tools'
        ? [...registry.tools.values()].filter(visible).map((entry) => describeTool(entry, revision))
        : registry.resources
            .filter((entry) => entry.pattern.variables.length > 0 === (kind === 'resourceTemplates'))
            .filter(visible)
            .map((entry) => describeResource(entry, revision))
    return Buffer.from(envelope.cacheable(revision, `${JSON.stringify(kind)}:${JSON.stringify(items)}`, 'list'))
  }

  return {
    list(kind, principal, tenant, revision) {
      const key = `${kind} ${revision} ${sightOf(principal)}`
      const known = views.get(key)
      if (known !== undefined) return known
      const made = make(kind, principal, tenant, revision)
      views.set(key, made)
      const oldest = views.size > MAX_VIEWS ? views.keys().next().value : undefined
      if (oldest !== undefined) views.delete(oldest)
      return made
    },
  }
}

/** One text for all principals that see the same; remembered as long as the principal is. */
function createSights(): (principal: Principal) => string {
  const known = new WeakMap<Principal, string>()
  return (principal) => {
    const hit = known.get(principal)
    if (hit !== undefined) return hit
    const sight = JSON.stringify([principal.kind, [...principal.scopes].sort(), [...principal.roles].sort()])
    known.set(principal, sight)
    return sight
  }
}

function describeTool({ tool, inputSchema, outputSchema }: RegisteredTool, revision: Revision) {
  const { titles, structured } = FEATURES[revision]
  return {
    name: tool.name,
    ...(titles ? { title: tool.title } : {}),
    description: tool.description,
    inputSchema,
    ...(structured ? { outputSchema } : {}),
    annotations: {
      title: tool.title,
      readOnlyHint: tool.effect === 'reads',
      destructiveHint: tool.effect === 'destroys',
      idempotentHint: tool.effect === 'reads' || tool.idempotent === true,
      openWorldHint: tool.openWorld === true,
    },
  }
}

function describeResource({ resource, pattern, uri }: RegisteredResource, revision: Revision) {
  return {
    ...(pattern.variables.length > 0 ? { uriTemplate: uri } : { uri }),
    name: resource.name,
    ...(FEATURES[revision].titles ? { title: resource.title } : {}),
    description: resource.description,
    mimeType: resource.mimeType,
  }
}
