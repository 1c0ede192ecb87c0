import { randomUUID } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import { importJWK, type JWK, SignJWT } from 'jose'

export interface AuthCallerOptions {
  /** Where auth is reached from here. */
  readonly authUrl: string
  readonly issuer: string
  readonly clientId: string
  /** Private JWK, ES256. */
  readonly key: JWK
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
}

const ASSERTION_SECONDS = 60

/**
 * POSTs JSON to a path that auth has for its own services, as the client `clientId` that proves itself with `private_key_jwt` (RFC 7523) in the
 * Authorization header; the assertion is new for each request.
 */
export async function createAuthCaller(
  options: AuthCallerOptions,
): Promise<(path: string, body: unknown, timeoutMs: number) => Promise<Response>> {
  const { issuer, clientId, clock, fetch, authUrl } = options
  const signer = await importJWK(options.key, 'ES256')
  const assertion = (): Promise<string> => {
    const now = Math.floor(clock.now() / 1_000)
    const claims = {
      iss: clientId,
      sub: clientId,
      aud: issuer,
      iat: now,
      exp: now + ASSERTION_SECONDS,
      jti: randomUUID(),
    }
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', ...(options.key.kid === undefined ? {} : { kid: options.key.kid }) })
      .sign(signer)
  }
  return async (path, body, timeoutMs) =>
    fetch(new URL(path, authUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${await assertion()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
}
