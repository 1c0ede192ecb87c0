import type { JSONWebKeySet } from 'jose'
import type { Resources } from '../resources/registry.ts'
import type { AuthMethod } from './clients.store.ts'
import { judgeJwks } from './keys/judge-jwks.ts'
import { judgeRedirect } from './redirects.ts'
import { needsSecret } from './register.ts'

/** What an operator says of a client. */
export interface OperatorFacts {
  readonly redirectUris: readonly string[]
  readonly authMethod: AuthMethod
  readonly grantTypes: readonly string[]
  readonly scopes: readonly string[] | null
  readonly resources: readonly string[] | null
  readonly jwks: JSONWebKeySet | null
  readonly jwksUri: string | null
}

/** What it is judged against. */
export interface House {
  readonly grants: ReadonlySet<string>
  readonly resources: Resources
  /** Private-use schemes that are good beside the known ones. */
  readonly schemes: readonly string[]
}

type Rule = (facts: OperatorFacts, house: House) => string | undefined

const has = ({ grantTypes }: OperatorFacts, grant: string): boolean => grantTypes.includes(grant)

/** Every rule, and what is said to the operator where it is broken. The first that is broken counts. */
const RULES: readonly Rule[] = [
  ({ grantTypes }, { grants }) => {
    const unknown = grantTypes.find((grant) => !grants.has(grant))
    return unknown && `grantTypes: ${unknown} is not offered here.`
  },
  (facts) =>
    has(facts, 'refresh_token') && !has(facts, 'authorization_code')
      ? 'grantTypes: refresh_token goes with authorization_code.'
      : undefined,
  (facts) =>
    has(facts, 'authorization_code') === facts.redirectUris.length > 0
      ? undefined
      : 'redirectUris: there have to be some for authorization_code, and none without it.',
  ({ redirectUris, authMethod }, { schemes }) => {
    for (const uri of redirectUris) {
      const verdict = judgeRedirect(uri, authMethod === 'none', { schemes })
      if (!verdict.ok) return `redirectUris: ${uri} ${verdict.fault}.`
    }
    return undefined
  },
  ({ authMethod, jwks, jwksUri }) =>
    (authMethod === 'private_key_jwt') === ((jwks === null) !== (jwksUri === null))
      ? undefined
      : 'jwks, jwksUri: private_key_jwt needs one of them, other methods none.',
  ({ jwks }) => (jwks === null || judgeJwks(jwks) !== undefined ? undefined : 'jwks: it must hold public keys only.'),
  (facts) =>
    has(facts, 'client_credentials') && facts.authMethod === 'none'
      ? 'authMethod: client_credentials is for clients that prove themselves.'
      : undefined,
  (facts) =>
    has(facts, 'client_credentials') === (facts.scopes ?? []).length > 0
      ? undefined
      : 'scopes: client_credentials needs some, and nothing else does.',
  ({ resources }, house) => {
    const unknown = resources?.find((identifier) => house.resources.find(identifier)?.identifier !== identifier)
    return unknown && `resources: ${unknown} is not registered.`
  },
  ({ scopes, resources }, house) => {
    const reachable = house.resources.all.filter(({ identifier }) => resources?.includes(identifier) ?? true)
    const known = new Set(reachable.flatMap((resource) => resource.scopes.map(({ name }) => name)))
    const unknown = scopes?.find((scope) => !known.has(scope))
    return unknown && `scopes: none of its resources has ${unknown}.`
  },
]

/** Why a client cannot be as an operator says; `undefined` when it can. */
export function judgeRegistered(facts: OperatorFacts, house: House): string | undefined {
  for (const rule of RULES) {
    const fault = rule(facts, house)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Whether the client needs a secret that it does not have. */
export const wantsSecret = (method: AuthMethod, secretHash: Uint8Array | null): boolean =>
  needsSecret(method) && secretHash === null
