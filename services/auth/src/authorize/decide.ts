import type { Client } from '../clients/clients.store.ts'
import { redirectKind } from '../clients/redirects.ts'
import type { Asked, Prompt } from './checks.ts'

export type Decision =
  | { readonly kind: 'login' }
  | { readonly kind: 'consent'; readonly missing: readonly string[] }
  | { readonly kind: 'issue' }

/** What `decide` looks at of a request. */
export interface Open {
  readonly scopes: readonly string[]
  /** Prompts that the client asked for and this person has not yet been shown. */
  readonly unmet: ReadonlySet<Prompt>
  /** Whether any program on the person's computer could pass for the client. */
  readonly unproven: boolean
}

/** What /oauth/authorize does next. The pages strike their prompt from `unmet`, and it is asked again. */
export function decide(open: Open, signedIn: boolean, granted: ReadonlySet<string>): Decision {
  if (!signedIn || open.unmet.has('login')) return { kind: 'login' }
  const missing = open.scopes.filter((scope) => !granted.has(scope))
  if (missing.length > 0 || open.unproven || open.unmet.has('consent')) return { kind: 'consent', missing }
  return { kind: 'issue' }
}

/** A public client proves nothing, and a loopback or private-use redirect may reach another program (RFC 8252 section 8.6). */
export const isUnproven = (client: Pick<Client, 'authMethod'>, redirectUri: string): boolean =>
  client.authMethod === 'none' && redirectKind(redirectUri) !== 'https'

/** A page of this very server, which an operator's profile registers: nobody else can listen where it answers. */
export const isOwnPage = (client: Pick<Client, 'kind'>, redirectUri: string, issuer: string): boolean =>
  client.kind === 'registered' &&
  redirectKind(redirectUri) !== 'private-use' &&
  new URL(redirectUri).origin === new URL(issuer).origin

/**
 * The pages that a new request has to show: `max_age` that has run out is a login that was asked for; 0 always has (OpenID Connect Core
 * section 3.1.2.1).
 * @param authTime when the person signed in, if anybody did
 */
export function unmetPrompts(
  { prompts, maxAge }: Pick<Asked, 'prompts' | 'maxAge'>,
  authTime: Date | undefined,
  nowMs: number,
): readonly Prompt[] {
  if (maxAge === undefined || authTime === undefined || prompts.includes('login')) return prompts
  const tooOld = maxAge === 0 || nowMs - authTime.getTime() > maxAge * 1_000
  return tooOld ? [...prompts, 'login'] : prompts
}
