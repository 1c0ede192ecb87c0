/** What an access token for the operator's API has to carry. */
export const ADMIN_SCOPE = 'gatehouse:admin'

/** What an access token says of whoever holds it. */
export interface Holder {
  /** The token's `sub`. */
  readonly subject: string
  readonly client: string | undefined
  /** Absent: it speaks for no tenant. */
  readonly tenant: string | undefined
  /** Absent: no person is behind it. */
  readonly grant: string | undefined
  readonly scopes: ReadonlySet<string>
}

/**
 * Whether it administers: a program that an operator registered, a client that acts for itself, in no tenant, with `gatehouse:admin`. No person can
 * give that scope away: a token with a grant is never enough.
 */
export const administers = ({ subject, client, tenant, grant, scopes }: Holder): boolean =>
  grant === undefined && tenant === undefined && subject === client && scopes.has(ADMIN_SCOPE)
