import { canonicalResource } from '@gatehouse/token'
import { GENERAL_SCOPES } from '../scopes/offered.ts'
import { isResourceUri } from './registry.ts'
import type { Resource, ResourceFacts } from './resources.store.ts'

/** Why a resource cannot be registered or changed like that, in words; `taken` when its names are another's. */
export type ResourceFault = { readonly taken: true } | { readonly taken: false; readonly text: string }

const fault = (text: string): ResourceFault => ({ taken: false, text })

/** @param others every other registered resource */
export function judgeResource(
  of: ResourceFacts & Pick<Resource, 'identifier'>,
  others: readonly Resource[],
): ResourceFault | undefined {
  const names = [of.identifier, ...of.aliases]
  const strange = names.find((name) => !isResourceUri(name))
  if (strange !== undefined) return fault(`${strange} is not an absolute URI without a fragment.`)
  const own = of.scopes.map(({ name }) => name)
  const twice = own.find((name, index) => own.indexOf(name) !== index)
  if (twice !== undefined) return fault(`The scope ${twice} is there twice.`)
  const general = own.find((name) => GENERAL_SCOPES.has(name))
  if (general !== undefined) return fault(`${general} is a scope of OpenID Connect and of no resource.`)
  const unknown = [...of.defaultScopes, ...of.scopes.flatMap(({ implies }) => implies)].find(
    (name) => !own.includes(name),
  )
  if (unknown !== undefined) return fault(`There is no scope ${unknown}.`)
  const taken = new Set(others.flatMap(({ identifier, aliases }) => [identifier, ...aliases]).map(canonicalResource))
  return names.some((name) => taken.has(canonicalResource(name))) ? { taken: true } : undefined
}
