import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AUDIT_READ } from '../access/judge-reader.ts'
import type { Attempt } from './cookies.ts'

/** This page as a client of auth: a public one with PKCE, which auth knows by this name. */
export const ACTIVITY_CLIENT = 'gatehouse-activity'
export const ACTIVITY_PATH = '/activity'
export const CALLBACK_PATH = `${ACTIVITY_PATH}/callback`

export interface SignIn {
  /** Where the browser goes, and what it has to bring back. */
  begin(search: string): { readonly url: string; readonly attempt: Attempt }
  /** The access token for the code. @returns nothing when auth gives none for it @throws when auth cannot be asked */
  redeem(code: string, attempt: Attempt): Promise<string | undefined>
}

const ATTEMPT_MS = 15 * 60_000
const TIMEOUT_MS = 10_000
const answer = z.object({ access_token: z.string().min(1), token_type: z.string().regex(/^bearer$/i) })

export function createSignIn(options: {
  readonly publicUrl: string
  /** Who issues the tokens; people are sent there. */
  readonly issuer: string
  /** Where this service reaches auth. */
  readonly authUrl: string
  readonly resource: string
  readonly fetch: typeof globalThis.fetch
  readonly now: () => number
}): SignIn {
  const { issuer, authUrl, resource, fetch, now } = options
  const redirectUri = `${options.publicUrl}${CALLBACK_PATH}`
  return {
    begin(search) {
      const [state, verifier] = [secret(), secret()]
      const url = new URL('/oauth/authorize', issuer)
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: ACTIVITY_CLIENT,
        redirect_uri: redirectUri,
        scope: AUDIT_READ,
        resource,
        state,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }).toString()
      return { url: url.href, attempt: { state, verifier, search, expiresAt: now() + ATTEMPT_MS } }
    },
    async redeem(code, { verifier }) {
      const response = await fetch(new URL('/oauth/token', authUrl), {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: ACTIVITY_CLIENT,
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          resource,
        }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const body: unknown = await response.json()
      if (response.status >= 500) throw new Error(`auth answered ${response.status}`)
      return response.ok ? answer.parse(body).access_token : undefined
    },
  }
}

const secret = (): string => randomBytes(32).toString('base64url')
