import type { LogoutHint } from './logout-hint.ts'

/** A logout request as it came, and what is known of it. */
export interface LogoutAsked {
  /** Whether an `id_token_hint` came, and what it proves. */
  readonly hint: { readonly given: boolean; readonly proves: LogoutHint | undefined }
  readonly clientId: string | undefined
  readonly redirectUri: string | undefined
  /** `post_logout_redirect_uris` of the client that the hint or `client_id` names; `undefined` when there is none. */
  readonly registered: readonly string[] | undefined
  /** Who is signed in in this browser. */
  readonly personId: string | undefined
}

export type LogoutVerdict =
  | { readonly kind: 'refuse' }
  /** `redirectUri`: where the answer may lead. */
  | { readonly kind: 'sign-out'; readonly redirectUri: string | undefined }
  /** Signs out when the person says so. `redirectUri`: where the page of the answer may lead. */
  | { readonly kind: 'ask'; readonly redirectUri: string | undefined }
  /** Nobody is signed in, and nothing proves where to go on. */
  | { readonly kind: 'done'; readonly redirectUri: string | undefined }

/**
 * OpenID Connect RP-Initiated Logout 1.0, sections 2 and 3. Only a hint that is ours and fits whoever is signed in ends the session
 * without a question: anybody can link to a page. Nothing is redirected to unless it is registered, to the character, for the client.
 */
export function judgeLogout({ hint, clientId, redirectUri, registered, personId }: LogoutAsked): LogoutVerdict {
  const { given, proves } = hint
  const fits = proves !== undefined && (clientId === undefined || clientId === proves.clientId)
  // A hint that proves nothing makes everything that came with it worth nothing.
  const trusted = given ? fits : clientId !== undefined
  if (redirectUri !== undefined && trusted && registered?.includes(redirectUri) !== true) return { kind: 'refuse' }
  const target = trusted ? redirectUri : undefined
  if (fits && (personId === undefined || personId === proves.personId)) return { kind: 'sign-out', redirectUri: target }
  return { kind: personId === undefined ? 'done' : 'ask', redirectUri: target }
}
