import { decideRights, type Principal, type Requirement, type Rules, refusalText } from '@gatehouse/policy'
import type { z } from 'zod'
import type { PromptMessage, ReadContents } from './content.ts'
import { type Call, type Catalog, type Example, ToolFailure } from './define.ts'

type Tool = Catalog['tools'][number]
type Resource = Catalog['resources'][number]
type Prompt = NonNullable<Catalog['prompts']>[number]

/** What a deployment has, of all its catalogs, under the names of its profile. The order is that of the lists. */
export interface Stock {
  readonly tools: ReadonlyMap<string, StockedTool>
  readonly resources: readonly StockedResource[]
  readonly prompts: ReadonlyMap<string, StockedPrompt>
  match(
    uri: unknown,
  ): { readonly registered: StockedResource; readonly variables: Readonly<Record<string, string>> } | undefined
}

export interface StockedTool {
  readonly tool: Tool
  readonly requirement: Requirement
  /** JSON Schema of the arguments. */
  readonly inputSchema: Readonly<Record<string, unknown>>
}

export interface StockedResource {
  readonly resource: Resource
  readonly requirement: Requirement
  /** URI, or URI template where the path has variables. */
  readonly uri: string
  readonly pattern: { readonly variables: readonly string[] }
  readonly domain: (principal: Principal) => object
}

export interface StockedPrompt {
  readonly prompt: Prompt
  readonly requirement: Requirement
  readonly arguments: readonly OfferedArgument[]
  readonly domain: (principal: Principal) => object
}

export interface OfferedArgument {
  readonly name: string
  readonly description?: string
  readonly required: boolean
}

export interface OfferedTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly effect: Tool['effect']
  readonly inputSchema: Readonly<Record<string, unknown>>
  readonly examples: readonly Example[]
}

export interface OfferedResource {
  /** URI, or URI template with `variables` in braces. */
  readonly uri: string
  readonly variables: readonly string[]
  readonly title: string
  readonly description: string
}

export interface OfferedPrompt {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly arguments: readonly OfferedArgument[]
}

/**
 * What a deployment offers the principal of a call, for handlers that speak of it: guides, and ways to the rest of a catalog for clients
 * that show tools alone. What the principal may not use is not in it.
 */
export interface Offer {
  readonly tools: readonly OfferedTool[]
  readonly resources: readonly OfferedResource[]
  readonly prompts: readonly OfferedPrompt[]
  /**
   * For what a handler knows to need once it has seen its arguments; what it needs in any case stands on the tool.
   * @throws ToolFailure that names what is missing
   */
  require(requirement: Partial<Requirement>): void
  may(requirement: Partial<Requirement>): boolean
  /** What the resource holds; `undefined` where it is not there, or not for this principal. */
  read(uri: string, call: Call): Promise<unknown | ReadContents>
  /** @returns `undefined` where it is not there, or not for this principal @throws ToolFailure for arguments that do not fit */
  prompt(
    name: string,
    given: Readonly<Record<string, string>>,
    call: Call,
  ): Promise<readonly PromptMessage[] | undefined>
}

/** @param stock asked for with each use: it may be complete only after catalogs were bound to it */
export const offerOf = (stock: () => Stock, rules: Rules, principal: Principal): Offer =>
  new OwnOffer(stock, rules, principal)

/** One is made with every call and most are not looked at: so nothing is worked out before it is asked for. */
class OwnOffer implements Offer {
  readonly #stock: () => Stock
  readonly #rules: Rules
  readonly #principal: Principal

  constructor(stock: () => Stock, rules: Rules, principal: Principal) {
    this.#stock = stock
    this.#rules = rules
    this.#principal = principal
  }

  get tools(): readonly OfferedTool[] {
    return this.#those(this.#stock().tools.values()).map(({ tool, inputSchema }) => ({
      name: tool.name,
      title: tool.title,
      description: tool.description,
      effect: tool.effect,
      inputSchema,
      examples: tool.examples ?? [],
    }))
  }

  get resources(): readonly OfferedResource[] {
    return this.#those(this.#stock().resources).map(({ resource, uri, pattern }) => ({
      uri,
      variables: pattern.variables,
      title: resource.title,
      description: resource.description,
    }))
  }

  get prompts(): readonly OfferedPrompt[] {
    return this.#those(this.#stock().prompts.values()).map(({ prompt, arguments: named }) => ({
      name: prompt.name,
      title: prompt.title,
      description: prompt.description,
      arguments: named,
    }))
  }

  require(requirement: Partial<Requirement>): void {
    const decision = this.#decide(requirement)
    if (!decision.allow) throw new ToolFailure(decision.reason, refusalText(decision, this.#rules, this.#principal))
  }

  may(requirement: Partial<Requirement>): boolean {
    return this.#decide(requirement).allow
  }

  async read(uri: string, call: Call): Promise<unknown | ReadContents> {
    const matched = this.#stock().match(uri)
    if (matched === undefined || !this.may(matched.registered.requirement)) return undefined
    const { resource, domain } = matched.registered
    return resource.read(matched.variables, this.#context(call, domain))
  }

  async prompt(name: string, given: Readonly<Record<string, string>>, call: Call) {
    const found = this.#stock().prompts.get(name)
    if (found === undefined || !this.may(found.requirement)) return undefined
    const { arguments: schema }: { readonly arguments: z.ZodObject } = found.prompt
    const parsed = schema.safeParse(given)
    if (parsed.success) return found.prompt.get(parsed.data, this.#context(call, found.domain))
    const faults = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join('.') || 'arguments'}: ${message}`,
    )
    throw new ToolFailure('arguments.invalid', `The arguments of the prompt ${name} do not fit: ${faults.join('; ')}.`)
  }

  #context(call: Call, domain: StockedResource['domain']): Call & object {
    return { ...call, signal: call.signal, principal: this.#principal, ...domain(this.#principal) }
  }

  #decide({ scopes = [], permissions = [] }: Partial<Requirement>) {
    return decideRights(this.#principal, { scopes, permissions }, this.#rules)
  }

  #those<T extends { readonly requirement: Requirement }>(entries: Iterable<T>): T[] {
    return [...entries].filter(({ requirement }) => this.may(requirement))
  }
}
