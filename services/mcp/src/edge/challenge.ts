/** What a `WWW-Authenticate: Bearer` challenge says. Absent parts are left out. */
export interface Challenge {
  readonly error?: 'invalid_token' | 'invalid_request' | 'insufficient_scope'
  readonly description?: string
  readonly scope?: readonly string[]
  /** Where the resource's metadata is (RFC 9728 section 5.1); absent for a resource without OAuth. */
  readonly metadataUrl?: string | undefined
}

// RFC 6750 section 3: what may stand in `error_description` between quotes.
const NOT_ALLOWED = /[^\x20\x21\x23-\x5B\x5D-\x7E]/g

/** The header's value; every attribute quoted and at most once. */
export function challenge({ error, description, scope, metadataUrl }: Challenge): string {
  const parts: string[] = []
  if (error !== undefined) parts.push(`error="${error}"`)
  if (description !== undefined) parts.push(`error_description="${description.replace(NOT_ALLOWED, '')}"`)
  if (scope !== undefined && scope.length > 0) parts.push(`scope="${scope.join(' ')}"`)
  if (metadataUrl !== undefined) parts.push(`resource_metadata="${metadataUrl}"`)
  return parts.length === 0 ? 'Bearer' : `Bearer ${parts.join(', ')}`
}
