import type { Catalog, Change } from '@gatehouse/catalog'
import type { CloudEvent } from '@gatehouse/contracts'
import type { Principal, Requirement } from '@gatehouse/policy'
import type { Profile } from '@gatehouse/profiles'
import { z } from 'zod'
import type { OpenedCatalog } from '../deps.ts'
import { type JsonSchema, schemaFaults, toJsonSchema } from './schemas.ts'
import { compilePath, type PathPattern, pathOf, uriOf } from './uris.ts'

export type Tool = Catalog['tools'][number]
export type Resource = Catalog['resources'][number]

export interface RegisteredTool {
  readonly tool: Tool
  readonly requirement: Requirement
  readonly cost: number
  readonly inputSchema: JsonSchema
  readonly outputSchema: JsonSchema
  readonly output: z.ZodObject
  readonly domain: (principal: Principal) => object
}

export interface RegisteredResource {
  readonly resource: Resource
  readonly requirement: Requirement
  readonly pattern: PathPattern
  /** URI, or URI template where the path has variables. */
  readonly uri: string
  readonly domain: (principal: Principal) => object
}

export interface Matched {
  readonly registered: RegisteredResource
  readonly variables: Readonly<Record<string, string>>
}

/** What this deployment offers, compiled once. Order is the order of the catalogs. */
export interface Registry {
  readonly tools: ReadonlyMap<string, RegisteredTool>
  readonly resources: readonly RegisteredResource[]
  match(uri: unknown): Matched | undefined
  /** URIs that a domain event makes stale, each once. */
  changedBy(event: CloudEvent): readonly string[]
}

/** Every fault of the catalogs at once. */
export class RegistryError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`the catalogs do not fit the profile:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'RegistryError'
    this.faults = faults
  }
}

const NO_OUTPUT = z.object({})
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** @throws RegistryError when a name, scope, permission, schema or path is not usable */
export function buildRegistry(profile: Profile, catalogs: readonly OpenedCatalog[]): Registry {
  const faults: string[] = []
  const requirementOf = createRequirements(profile, faults)
  const tools = registerTools(catalogs, requirementOf, faults)
  const resources = registerResources(profile, catalogs, requirementOf, faults)
  if (faults.length > 0) throw new RegistryError(faults)

  const plain = new Map<string, RegisteredResource>()
  for (const entry of resources) if (entry.pattern.variables.length === 0) plain.set(entry.pattern.path, entry)
  const templates = resources.filter((entry) => entry.pattern.variables.length > 0)
  const changes = changesByType(catalogs)
  return {
    tools,
    resources,
    match(uri) {
      const path = pathOf(profile.uriScheme, uri)
      if (path === undefined) return undefined
      const exact = plain.get(path)
      if (exact !== undefined) return { registered: exact, variables: {} }
      for (const registered of templates) {
        const variables = registered.pattern.match(path)
        if (variables !== undefined) return { registered, variables }
      }
      return undefined
    },
    changedBy(event) {
      const paths = (changes.get(event.type) ?? []).flatMap((change) => change.paths(event))
      return [...new Set(paths)].map((path) => uriOf(profile.uriScheme, path))
    },
  }
}

type RequirementOf = (of: string, asked: Pick<Tool, 'scopes' | 'permissions'>) => Requirement

function createRequirements(profile: Profile, faults: string[]): RequirementOf {
  const scopes = new Set(profile.scopes.map((scope) => scope.name))
  const permissions = new Set(Object.values(profile.roles).flat())
  return (of, asked) => {
    for (const scope of asked.scopes) if (!scopes.has(scope)) faults.push(`${of}: scope ${scope} is not in the profile`)
    for (const permission of asked.permissions ?? []) {
      if (!permissions.has(permission)) faults.push(`${of}: no role of the profile gives permission ${permission}`)
    }
    return { scopes: asked.scopes, permissions: asked.permissions ?? [] }
  }
}

function registerTools(
  catalogs: readonly OpenedCatalog[],
  requirementOf: RequirementOf,
  faults: string[],
): Map<string, RegisteredTool> {
  const tools = new Map<string, RegisteredTool>()
  for (const { catalog, domain } of catalogs) {
    for (const tool of catalog.tools) {
      const of = `tool ${tool.name}`
      if (!TOOL_NAME.test(tool.name)) faults.push(`${of}: a name has 1 to 64 characters of A-Z a-z 0-9 _ . -`)
      if (tools.has(tool.name)) faults.push(`${of}: the name is taken`)
      const cost = tool.cost ?? 1
      if (!Number.isSafeInteger(cost) || cost < 1) faults.push(`${of}: the cost must be a positive integer`)
      const inputSchema = toJsonSchema(tool.input, 'input')
      const output: z.ZodObject = tool.output ?? NO_OUTPUT
      const outputSchema = toJsonSchema(output, 'output')
      faults.push(...schemaFaults(of, inputSchema), ...schemaFaults(of, outputSchema))
      tools.set(tool.name, {
        tool,
        cost,
        inputSchema,
        outputSchema,
        output,
        requirement: requirementOf(of, tool),
        domain,
      })
    }
  }
  return tools
}

function registerResources(
  profile: Profile,
  catalogs: readonly OpenedCatalog[],
  requirementOf: RequirementOf,
  faults: string[],
): RegisteredResource[] {
  const resources: RegisteredResource[] = []
  const shapes = new Set<string>()
  for (const { catalog, domain } of catalogs) {
    for (const resource of catalog.resources) {
      const of = `resource ${resource.name}`
      try {
        const pattern = compilePath(resource.path)
        if (shapes.has(pattern.shape)) faults.push(`${of}: another resource has a path of the same form`)
        shapes.add(pattern.shape)
        const uri = uriOf(profile.uriScheme, resource.path)
        resources.push({ resource, pattern, uri, requirement: requirementOf(of, resource), domain })
      } catch (error) {
        faults.push(`${of}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  return resources
}

function changesByType(catalogs: readonly OpenedCatalog[]): ReadonlyMap<string, readonly Change[]> {
  const byType = new Map<string, Change[]>()
  for (const { catalog } of catalogs) {
    for (const change of catalog.changes) {
      const known = byType.get(change.kind.type)
      if (known === undefined) byType.set(change.kind.type, [change])
      else known.push(change)
    }
  }
  return byType
}
