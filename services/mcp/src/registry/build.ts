import { type Catalog, type Change, type Icon, type ListName, offerOf } from '@gatehouse/catalog'
import type { CloudEvent } from '@gatehouse/contracts'
import type { Principal, Requirement } from '@gatehouse/policy'
import { type Profile, rulesOf } from '@gatehouse/profiles'
import type { z } from 'zod'
import type { OpenedCatalog } from '../deps.ts'
import { type MirroredParam, mirroredParams } from './mirrored-params.ts'
import { type PromptArgument, promptArguments } from './prompt-arguments.ts'
import { type JsonSchema, schemaFaults, toJsonSchema } from './schemas.ts'
import { compilePath, type PathPattern, pathOf, uriOf } from './uris.ts'

export type Tool = Catalog['tools'][number]
export type Resource = Catalog['resources'][number]
export type Prompt = NonNullable<Catalog['prompts']>[number]

export interface RegisteredTool {
  readonly tool: Tool
  readonly requirement: Requirement
  readonly cost: number
  readonly inputSchema: JsonSchema
  /** Absent with `output`: the tool has no structured content. */
  readonly outputSchema?: JsonSchema
  readonly output?: z.ZodObject
  /** Arguments that a header has to repeat. */
  readonly mirrored: readonly MirroredParam[]
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

export interface RegisteredPrompt {
  readonly prompt: Prompt
  readonly requirement: Requirement
  readonly arguments: readonly PromptArgument[]
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
  readonly prompts: ReadonlyMap<string, RegisteredPrompt>
  /** Whether anything can be completed. */
  readonly completes: boolean
  /** Lists that some event can change. */
  readonly changingLists: ReadonlySet<ListName>
  /** Whether tools may send log messages. */
  readonly logs: boolean
  match(uri: unknown): Matched | undefined
  /** URIs that a domain event makes stale, each once. */
  changedBy(event: CloudEvent): readonly string[]
  /** Lists that a domain event changes, each once. */
  listsChangedBy(event: CloudEvent): readonly ListName[]
  /** Whether its data is what its type says; so is an event of a type that no catalog knows. */
  fits(event: CloudEvent): boolean
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

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** @throws RegistryError when a name, scope, permission, schema or path is not usable */
export function buildRegistry(profile: Profile, opened: readonly OpenedCatalog[]): Registry {
  const faults: string[] = []
  const rules = rulesOf(profile)
  const stock = (): Registry => registry
  const catalogs = opened.map(
    ({ catalog, domain }): BoundCatalog => ({
      catalog,
      domain: (principal) => domain(principal, offerOf(stock, rules, principal)),
    }),
  )
  const requirementOf = createRequirements(profile, faults)
  const tools = registerTools(catalogs, requirementOf, faults)
  const resources = registerResources(profile, catalogs, requirementOf, faults)
  const prompts = registerPrompts(catalogs, requirementOf, faults)
  if (faults.length > 0) throw new RegistryError(faults)

  const plain = new Map<string, RegisteredResource>()
  for (const entry of resources) if (entry.pattern.variables.length === 0) plain.set(entry.pattern.path, entry)
  const templates = resources.filter((entry) => entry.pattern.variables.length > 0)
  const changes = changesByType(catalogs)
  const registry: Registry = {
    tools,
    resources,
    prompts,
    completes:
      resources.some(({ resource }) => hasMembers(resource.complete)) ||
      [...prompts.values()].some(({ prompt }) => hasMembers(prompt.complete)),
    // Nothing tells beforehand which lists a change names; one that may name any announces all that are there.
    changingLists: new Set(catalogs.flatMap(({ catalog }) => changingLists(catalog))),
    logs: profile.server.logging,
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
    listsChangedBy(event) {
      const changed = changes.get(event.type)
      return changed === undefined ? [] : [...new Set(changed.flatMap((change) => change.lists?.(event) ?? []))]
    },
    fits: (event) => (changes.get(event.type) ?? []).every(({ kind }) => kind.schema.safeParse(event.data).success),
  }
  return registry
}

/** With what the whole registry offers a principal given to its domain. */
interface BoundCatalog {
  readonly catalog: Catalog
  readonly domain: (principal: Principal) => object
}

const hasMembers = (of: object | undefined): boolean => of !== undefined && Object.keys(of).length > 0

const changingLists = ({ tools, resources, prompts, changes }: Catalog): ListName[] =>
  changes.some((change) => change.lists !== undefined)
    ? [
        ...(tools.length > 0 ? ['tools' as const] : []),
        ...(resources.length > 0 ? ['resources' as const] : []),
        ...(prompts !== undefined && prompts.length > 0 ? ['prompts' as const] : []),
      ]
    : []

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
  catalogs: readonly BoundCatalog[],
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
      const inputSchema = tool.inputSchema ?? toJsonSchema(tool.input, 'input')
      const outputSchema = tool.output && toJsonSchema(tool.output, 'output')
      const mirrored = mirroredParams(of, inputSchema)
      faults.push(...schemaFaults(of, inputSchema), ...mirrored.faults, ...iconFaults(of, tool.icons))
      faults.push(...exampleFaults(of, tool))
      if (outputSchema !== undefined) faults.push(...schemaFaults(of, outputSchema))
      tools.set(tool.name, {
        tool,
        cost,
        inputSchema,
        ...(outputSchema === undefined ? {} : { outputSchema, output: tool.output }),
        mirrored: mirrored.params,
        requirement: requirementOf(of, tool),
        domain,
      })
    }
  }
  return tools
}

const exampleFaults = (of: string, { examples = [], input }: Tool): string[] =>
  examples
    .filter((example) => !input.safeParse(example.arguments).success)
    .map(({ when }) => `${of}: the example “${when}” does not fit its arguments`)

function registerPrompts(
  catalogs: readonly BoundCatalog[],
  requirementOf: RequirementOf,
  faults: string[],
): Map<string, RegisteredPrompt> {
  const prompts = new Map<string, RegisteredPrompt>()
  for (const { catalog, domain } of catalogs) {
    for (const prompt of catalog.prompts ?? []) {
      const of = `prompt ${prompt.name}`
      if (prompts.has(prompt.name)) faults.push(`${of}: the name is taken`)
      const read = promptArguments(of, prompt.arguments)
      faults.push(
        ...read.faults,
        ...iconFaults(of, prompt.icons),
        ...strayCompletions(
          of,
          prompt.complete,
          read.arguments.map(({ name }) => name),
        ),
      )
      prompts.set(prompt.name, { prompt, arguments: read.arguments, requirement: requirementOf(of, prompt), domain })
    }
  }
  return prompts
}

const strayCompletions = (of: string, complete: object | undefined, names: readonly string[]): string[] =>
  Object.keys(complete ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => `${of}: there is no ${name} to complete`)

const iconFaults = (of: string, icons: readonly Icon[] | undefined): string[] =>
  (icons ?? [])
    .filter(({ src }) => !/^(?:https:\/\/|data:)/.test(src))
    .map(({ src }) => `${of}: an icon is at an https: or data: address, not ${src.slice(0, 64)}`)

function registerResources(
  profile: Profile,
  catalogs: readonly BoundCatalog[],
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
        faults.push(...iconFaults(of, resource.icons), ...strayCompletions(of, resource.complete, pattern.variables))
        resources.push({ resource, pattern, uri, requirement: requirementOf(of, resource), domain })
      } catch (error) {
        faults.push(`${of}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  return resources
}

function changesByType(catalogs: readonly BoundCatalog[]): ReadonlyMap<string, readonly Change[]> {
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
