import type { Sealer } from '@gatehouse/keyring'
import { decide, type Principal, type Requirement, type Rules, type TenantPolicy } from '@gatehouse/policy'
import type { Envelope } from '../protocol/envelope.ts'
import type { Revision } from '../protocol/revisions.ts'
import type { Registry } from './build.ts'
import { describePrompt, describeResource, describeTool } from './describe.ts'

export type ListKind = 'tools' | 'resources' | 'resourceTemplates' | 'prompts'

export interface Lists {
  /**
   * One page of a list as JSON bytes: what this principal may use, in the shape of the revision. `undefined` for a cursor that was not
   * given to this principal for this list. Where there is a cursor, its key is looked for: another node may have given it a moment ago.
   */
  list(
    kind: ListKind,
    principal: Principal,
    tenant: TenantPolicy,
    revision: Revision,
    cursor?: unknown,
  ): Buffer | undefined | Promise<Buffer | undefined>
}

export interface ListsOptions {
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly sealer: Pick<Sealer, 'seal' | 'openFresh'>
  readonly pageSize: number
}

/** How many pages are kept: (who may see what) × revision × list × where it begins. */
const MAX_PAGES = 1_024
const MAX_CURSOR_CHARS = 1_024

/** Something listed: the key is unique in its list and says where a page ended, so that small changes of the list move nothing. */
interface Item {
  readonly key: string
  readonly requirement: Requirement
  readonly describe: (revision: Revision) => object
}

interface Page {
  readonly bytes: Buffer
  /** For all but the last page: the key of its last item, and where the sealed cursor goes. */
  readonly more?: { readonly last: string; readonly head: Buffer; readonly tail: Buffer }
}

/**
 * Lists are made once per visible set and revision and kept as bytes. A principal's visible set follows from its kind, scopes and roles;
 * the workspace's own gates were passed before. A list is never the gate: each call decides again.
 */
export function createLists(options: ListsOptions): Lists {
  const { registry, rules, envelope, sealer, pageSize } = options
  const items = itemsOf(registry)
  const placesOf = (kind: ListKind) => new Map(items[kind].map(({ key }, at) => [key, at]))
  const places: Readonly<Record<ListKind, ReadonlyMap<string, number>>> = {
    tools: placesOf('tools'),
    resources: placesOf('resources'),
    resourceTemplates: placesOf('resourceTemplates'),
    prompts: placesOf('prompts'),
  }
  const pages = new Map<string, Page>()
  const sightOf = createSights()

  /** The items after the one at `from`, as many as go on a page. */
  const make = (kind: ListKind, principal: Principal, tenant: TenantPolicy, revision: Revision, from: number): Page => {
    const visible = items[kind]
      .slice(from)
      .filter(({ requirement }) => decide(principal, tenant, requirement, rules).allow)
    const shown = visible.slice(0, pageSize)
    const listed = `${JSON.stringify(kind)}:${JSON.stringify(shown.map(({ describe }) => describe(revision)))}`
    const last = shown.at(-1)
    if (visible.length === shown.length || last === undefined) {
      return { bytes: Buffer.from(envelope.cacheable(revision, listed, 'list')) }
    }
    const [head = '', tail = ''] = envelope.cacheable(revision, `${listed},"nextCursor":"\0"`, 'list').split('\0')
    return { bytes: Buffer.alloc(0), more: { last: last.key, head: Buffer.from(head), tail: Buffer.from(tail) } }
  }
  const pageAt = (kind: ListKind, principal: Principal, tenant: TenantPolicy, revision: Revision, from: number) => {
    const name = `${kind} ${revision} ${from} ${sightOf(principal)}`
    const known = pages.get(name)
    if (known !== undefined) return known
    const made = make(kind, principal, tenant, revision, from)
    pages.set(name, made)
    const oldest = pages.size > MAX_PAGES ? pages.keys().next().value : undefined
    if (oldest !== undefined) pages.delete(oldest)
    return made
  }
  const placeAfter = async (kind: ListKind, principal: Principal, cursor: unknown): Promise<number | undefined> => {
    if (typeof cursor !== 'string' || cursor.length > MAX_CURSOR_CHARS) return undefined
    const key = (await sealer.openFresh(aboutOf(kind, principal), cursor))?.toString('utf8')
    const at = key === undefined ? undefined : places[kind].get(key)
    return at === undefined ? undefined : at + 1
  }

  const pageFrom = (kind: ListKind, principal: Principal, tenant: TenantPolicy, revision: Revision, from: number) => {
    const { bytes, more } = pageAt(kind, principal, tenant, revision, from)
    if (more === undefined) return bytes
    const next = sealer.seal(aboutOf(kind, principal), more.last)
    return Buffer.concat([more.head, Buffer.from(next), more.tail])
  }

  return {
    list(kind, principal, tenant, revision, cursor) {
      if (cursor === undefined) return pageFrom(kind, principal, tenant, revision, 0)
      return placeAfter(kind, principal, cursor).then((from) =>
        from === undefined ? undefined : pageFrom(kind, principal, tenant, revision, from),
      )
    },
  }
}

const aboutOf = (kind: ListKind, { tenant, kind: who, subject, client }: Principal): string =>
  JSON.stringify(['cursor', kind, tenant, who, subject, client ?? null])

function itemsOf(registry: Registry): Readonly<Record<ListKind, readonly Item[]>> {
  const resources = (templates: boolean): Item[] =>
    registry.resources
      .filter(({ pattern }) => pattern.variables.length > 0 === templates)
      .map((entry) => ({
        key: entry.uri,
        requirement: entry.requirement,
        describe: (revision) => describeResource(entry, revision),
      }))
  return {
    tools: [...registry.tools].map(([key, entry]) => ({
      key,
      requirement: entry.requirement,
      describe: (revision) => describeTool(entry, revision),
    })),
    resources: resources(false),
    resourceTemplates: resources(true),
    prompts: [...registry.prompts].map(([key, entry]) => ({
      key,
      requirement: entry.requirement,
      describe: (revision) => describePrompt(entry, revision),
    })),
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
