import type { Offer } from '@gatehouse/catalog'

/** What lets a client in at all; the abilities below narrow it where a token names some. */
const TRANSPORT = 'mcp:use'

/** Each is a permission of roles, and a scope that narrows. */
export type Ability =
  | 'scenarios.read'
  | 'org-units.read'
  | 'teams.read'
  | 'placements.read'
  | 'costs.read'
  | 'org-metrics.read'
  | 'ai.scenarios.draft'
  | 'org-units.write'
  | 'placements.write'
  | 'costs.write'

/** What a tool, resource or prompt asks for, spread into its definition. */
export const needs = (...abilities: readonly Ability[]) => ({
  scopes: [TRANSPORT, ...abilities],
  permissions: abilities,
})

/** @throws ToolFailure that names what is missing */
export const requireAbility = (offer: Offer, ability: Ability): void => offer.require(needs(ability))

export const mayUse = (offer: Offer, ability: Ability): boolean => offer.may(needs(ability))
