import type { Profile } from '@gatehouse/profiles'
import type { Registry } from '../registry/build.ts'
import { isObject, type Params } from './classify.ts'
import type { Envelope } from './envelope.ts'
import { capabilitiesOf, type Extras } from './methods.ts'
import { FEATURES, isLegacy, LEGACY, type LegacyRevision, MODERN, MODERN_REVISIONS } from './revisions.ts'

/** The result of `server/discover`, as JSON text. */
export function discoverResult(profile: Profile, registry: Registry, envelope: Envelope, extras?: Extras): string {
  const { instructions } = profile.server
  const members = JSON.stringify({
    supportedVersions: MODERN_REVISIONS,
    capabilities: capabilitiesOf(registry, MODERN, extras),
    ...(instructions === undefined ? {} : { instructions }),
  })
  return envelope.cacheable(MODERN, members.slice(1, -1), 'discover')
}

/** The result of `initialize`, as JSON text, or `undefined` where the params are not those of `initialize`. */
export function initializeResult(
  profile: Profile,
  registry: Registry,
  params: Params,
  extras?: Extras,
): string | undefined {
  const { protocolVersion, capabilities, clientInfo } = params
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo)) return undefined
  return greetingIn(profile, registry, isLegacy(protocolVersion) ? protocolVersion : LEGACY[0], extras)
}

/** What the server says of itself in a legacy revision, as JSON text. */
export function greetingIn(profile: Profile, registry: Registry, revision: LegacyRevision, extras?: Extras): string {
  const { name, title, version, instructions } = profile.server
  return JSON.stringify({
    protocolVersion: revision,
    capabilities: capabilitiesOf(registry, revision, extras),
    serverInfo: { name, ...(FEATURES[revision].titles ? { title } : {}), version },
    ...(instructions === undefined ? {} : { instructions }),
  })
}
