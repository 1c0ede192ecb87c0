export { loadProfile, ProfileError, parseProfile } from './load.ts'
export { withRedirectDomains } from './redirect-domains.ts'
export { rulesOf } from './rules.ts'
export { type Profile, type ProfileResource, type ProfileScope, profileSchema, redirectDomain } from './schema.ts'
