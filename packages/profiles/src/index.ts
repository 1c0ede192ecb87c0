export { loadProfile, ProfileError, parseProfile } from './load.ts'
export { rulesOf } from './rules.ts'
export { type Profile, type ProfileResource, type ProfileScope, profileSchema } from './schema.ts'
