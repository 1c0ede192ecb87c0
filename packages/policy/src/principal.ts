/** What a credential proves, and nothing more: rights come from `decide`. */
export interface Principal {
  readonly tenant: string
  readonly kind: 'person' | 'key' | 'service'
  /** Id of the person, key or service: the token's `sub`. */
  readonly subject: string
  /** OAuth client id; absent for API keys. */
  readonly client?: string
  readonly scopes: ReadonlySet<string>
  /** Of a key that acts with the permissions of the person who made it: that person's id. Its roles are theirs. */
  readonly maker?: string
  /** Role names in this tenant; what they permit comes from the tenant's policy. */
  readonly roles: readonly string[]
  /** The change that gave these roles, as it is dated where it is told, in seconds since the epoch; absent: not known. */
  readonly rolesAt?: number
  /** Id of the grant behind an OAuth token. */
  readonly grant?: string
  /** How the credential was presented; an API key cannot step up. */
  readonly credential: 'oauth' | 'api-key'
  /** Id of the credential itself (`jti`, key id). */
  readonly credentialId: string
  /** Of an API key that can be changed: which of its versions this is. */
  readonly credentialVersion?: number
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** When the person selected `tenant`, in seconds since the epoch, where that was after the token was issued. */
  readonly selectedAt?: number
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** What a node knows of a tenant. */
export interface TenantPolicy {
  readonly tenant: string
  readonly slug: string
  readonly name: string
  readonly plan: string
  readonly status: 'active' | 'suspended'
  readonly mcp: boolean
}

/** The rules of a profile that decisions rest on; built once at start. */
export interface Rules {
  /** Plans that include MCP; empty = all. */
  readonly plansWithMcp: ReadonlySet<string>
  /** scope → scopes it implies, itself included, transitively closed. */
  readonly implies: ReadonlyMap<string, ReadonlySet<string>>
  /** role → permissions. */
  readonly permissions: ReadonlyMap<string, ReadonlySet<string>>
  /** Scopes that narrow the person's access when any of them is present in a token. */
  readonly narrowing: ReadonlySet<string>
}

/** What an operation asks for. */
export interface Requirement {
  /** All of them, by themselves or implied. */
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
}
