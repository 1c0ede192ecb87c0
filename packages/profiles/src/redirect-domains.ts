import type { Profile } from './schema.ts'

/** The profile with the redirect domains of an environment, where that names any. */
export const withRedirectDomains = (profile: Profile, domains: readonly string[]): Profile =>
  domains.length === 0 ? profile : { ...profile, redirectDomains: [...domains] }
