import type { Client } from './clients.store.ts'

/** Grants that speak for the client itself or trade tokens: an operator has to name them for a client. */
const NOT_FOR_STRANGERS: ReadonlySet<string> = new Set([
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
])

/** Of the grants that are offered those that anybody may register for. */
export const forStrangers = (offered: Iterable<string>): readonly string[] =>
  [...offered].filter((grant) => !NOT_FOR_STRANGERS.has(grant))

/** Of the resources that a grant was given for those that the client may still have tokens for. */
export const reachable = ({ resources }: Pick<Client, 'resources'>, bound: readonly string[]): readonly string[] =>
  resources === null ? bound : bound.filter((identifier) => resources.includes(identifier))

/** Whether a client may use a grant. One that named none is not held to any, and has none of those that have to be given. */
export const mayUse = ({ grantTypes }: Pick<Client, 'grantTypes'>, grant: string): boolean =>
  grantTypes?.includes(grant) ?? !NOT_FOR_STRANGERS.has(grant)
