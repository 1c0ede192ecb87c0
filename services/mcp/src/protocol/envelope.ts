import type { Profile } from '@gatehouse/profiles'
import { FEATURES, type Revision } from './revisions.ts'

/**
 * How long a client may keep a result, in milliseconds. Lists change with a deployment or a role, and `list_changed` reaches only who
 * listens; a resource may change at any time, so what was read is stale at once.
 */
export const TTL_MS = { discover: 300_000, list: 60_000, read: 0 } as const

/** Wraps the members of a result, given as JSON text without braces, in what its revision adds. */
export interface Envelope {
  /** `type` is said only by the revision that has result types; default `complete`. */
  result(revision: Revision, members: string, type?: 'complete' | 'input_required' | 'task'): string
  /** With cache hints. Always private: every request carries a credential, and what it may see depends on it. */
  cacheable(revision: Revision, members: string, kind: keyof typeof TTL_MS): string
}

export function createEnvelope(profile: Profile): Envelope {
  const { name, title, version } = profile.server
  const meta = `"_meta":${JSON.stringify({ 'io.modelcontextprotocol/serverInfo': { name, title, version } })}`
  const wrap = (revision: Revision, members: string, extra: string, type: string): string => {
    if (!FEATURES[revision].stateless) return `{${members}}`
    return `{"resultType":"${type}"${members === '' ? '' : `,${members}`}${extra},${meta}}`
  }
  return {
    result: (revision, members, type = 'complete') => wrap(revision, members, '', type),
    cacheable: (revision, members, kind) =>
      wrap(revision, members, `,"ttlMs":${TTL_MS[kind]},"cacheScope":"private"`, 'complete'),
  }
}
