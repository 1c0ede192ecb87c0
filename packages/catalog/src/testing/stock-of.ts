import type { Principal, Rules } from '@gatehouse/policy'
import { z } from 'zod'
import type { Catalog } from '../define.ts'
import type { Offer, Stock, StockedResource } from '../offer.ts'

/** No scope implies another and no role gives anything. */
export const NO_RULES: Rules = {
  plansWithMcp: new Set(),
  implies: new Map(),
  permissions: new Map(),
  narrowing: new Set(),
}

/** A registry of one catalog, as the MCP service makes it from a profile: URIs have the scheme `test`. */
export function stockOf(catalog: Catalog, domain: (principal: Principal) => object): Stock {
  const requirementOf = (asked: { scopes: readonly string[]; permissions?: readonly string[] }) => ({
    scopes: asked.scopes,
    permissions: asked.permissions ?? [],
  })
  const resources = catalog.resources.map((resource): StockedResource => {
    const variables = [...resource.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    const uri = `test://${resource.path}`
    return { resource, uri, pattern: { variables }, requirement: requirementOf(resource), domain }
  })
  return {
    tools: new Map(
      catalog.tools.map((tool) => [
        tool.name,
        { tool, requirement: requirementOf(tool), inputSchema: z.toJSONSchema(tool.input, { io: 'input' }) },
      ]),
    ),
    resources,
    prompts: new Map(
      (catalog.prompts ?? []).map((prompt) => {
        const { properties = {}, required = [] } = z.toJSONSchema(prompt.arguments, { io: 'input' })
        const named = Object.entries(properties).map(([name, member]) => ({
          name,
          description: (member as { description?: string }).description ?? '',
          required: required.includes(name),
        }))
        return [prompt.name, { prompt, requirement: requirementOf(prompt), arguments: named, domain }]
      }),
    ),
    match(uri) {
      for (const registered of resources) {
        const names = registered.pattern.variables
        const pattern = registered.uri.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '([A-Za-z0-9._~-]+)')
        const found = new RegExp(`^${pattern}$`).exec(String(uri))
        if (found === null) continue
        return { registered, variables: Object.fromEntries(names.map((name, n) => [name, found[n + 1] ?? ''])) }
      }
      return undefined
    },
  }
}

/** Refuses nobody and has nothing to show: for whoever calls handlers of a catalog without a registry. */
export const FREE_OFFER: Offer = {
  tools: [],
  resources: [],
  prompts: [],
  require: () => undefined,
  may: () => true,
  read: async () => undefined,
  prompt: async () => undefined,
}
