import { type Profile, sitesOf } from '@gatehouse/profiles'
import type { Secrets } from './secrets.ts'

/** The demo tenant whose host stands for all, where each has one. */
const TENANT = 'acme'

/** Where an installation with demo data is, and with whom one gets in: lines of a label and a value. */
export function whereTo(
  profile: Profile,
  publicUrl: string,
  secrets: Pick<Secrets, 'adminToken' | 'demoPassword' | 'demoApiKey'>,
): readonly (readonly [label: string, value: string])[] {
  const sites = sitesOf(profile, publicUrl)
  const site = sites.byHost ? sites.of(TENANT) : sites.own
  return [
    ['MCP endpoint', site.resource],
    ...(profile.paths.sse === undefined ? [] : [['HTTP+SSE', `${publicUrl}${profile.paths.sse}`] as const]),
    ['Pages', `${site.origin}/`],
    ['Admin API', `${publicUrl}/admin/v1`],
    ['Admin token', secrets.adminToken],
    ['Demo accounts', `member@${TENANT}.test and others, password ${secrets.demoPassword}`],
    ...(profile.credentials.includes('api-key') ? [['Demo API key', secrets.demoApiKey] as const] : []),
  ]
}
