import { compactVerify, createLocalJWKSet, errors, type JWK } from 'jose'
import { z } from 'zod'

/** What an ID token of ours says of its holder. */
export interface LogoutHint {
  readonly clientId: string
  readonly personId: string
}

const claims = z.object({ iss: z.string(), sub: z.string(), aud: z.string() })

/**
 * Reads an `id_token_hint`. One that has expired still says for whom it was issued (RP-Initiated Logout section 4); an access token,
 * a token of another issuer or one that was changed says nothing.
 */
export async function readHint(
  token: string,
  { issuer, publicKeys }: { readonly issuer: string; readonly publicKeys: () => Promise<readonly JWK[]> },
): Promise<LogoutHint | undefined> {
  if (token.length > 8_192 || token.split('.').length !== 3) return undefined
  try {
    const keys = createLocalJWKSet({ keys: [...(await publicKeys())] })
    const { payload, protectedHeader } = await compactVerify(token, keys, { algorithms: ['RS256', 'ES256'] })
    // Access tokens carry `at+jwt` (RFC 9068 section 2.1).
    if (protectedHeader.typ !== undefined && protectedHeader.typ.toUpperCase() !== 'JWT') return undefined
    const parsed = claims.safeParse(JSON.parse(new TextDecoder().decode(payload)))
    if (!parsed.success || parsed.data.iss !== issuer) return undefined
    return { clientId: parsed.data.aud, personId: parsed.data.sub }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined
    throw error
  }
}
