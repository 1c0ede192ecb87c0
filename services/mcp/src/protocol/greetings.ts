import type { Profile } from '@gatehouse/profiles'
import type { Registry } from '../registry/build.ts'
import { isObject, type Params } from './classify.ts'
import type { Envelope } from './envelope.ts'
import { FEATURES, isLegacy, LEGACY, MODERN, MODERN_REVISIONS } from './revisions.ts'

/** The capabilities that this deployment really has in an era. */
export function capabilitiesOf(registry: Registry, stateless: boolean) {
  const subscribable = registry.resources.some((entry) => entry.resource.subscribable)
  return {
    ...(registry.tools.size > 0 ? { tools: {} } : {}),
    ...(registry.resources.length > 0
      ? // Without sessions a legacy client has no stream on which an update could reach it.
        { resources: stateless && subscribable ? { subscribe: true } : {} }
      : {}),
  }
}

/** The result of `server/discover`, as JSON text. */
export function discoverResult(profile: Profile, registry: Registry, envelope: Envelope): string {
  const { instructions } = profile.server
  const members = JSON.stringify({
    supportedVersions: MODERN_REVISIONS,
    capabilities: capabilitiesOf(registry, true),
    ...(instructions === undefined ? {} : { instructions }),
  })
  return envelope.cacheable(MODERN, members.slice(1, -1), 'discover')
}

/** The result of `initialize`, as JSON text, or `undefined` where the params are not those of `initialize`. */
export function initializeResult(profile: Profile, registry: Registry, params: Params): string | undefined {
  const { protocolVersion, capabilities, clientInfo } = params
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo)) return undefined
  const revision = isLegacy(protocolVersion) ? protocolVersion : LEGACY[0]
  const { name, title, version, instructions } = profile.server
  return JSON.stringify({
    protocolVersion: revision,
    capabilities: capabilitiesOf(registry, false),
    serverInfo: { name, ...(FEATURES[revision].titles ? { title } : {}), version },
    ...(instructions === undefined ? {} : { instructions }),
  })
}
