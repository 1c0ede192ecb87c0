import type { Profile } from '@gatehouse/profiles'
import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import type { GrantHandler } from './deps.ts'
import { refreshToken } from './refresh-token.ts'

/** Every grant that is built; what a profile names beside these is neither offered nor advertised. */
const BUILT: Readonly<Record<string, GrantHandler>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
}

/** The grants that this deployment offers. */
export const offeredGrants = (profile: Profile): ReadonlyMap<string, GrantHandler> =>
  new Map(Object.entries(BUILT).filter(([name]) => (profile.grants as readonly string[]).includes(name)))
