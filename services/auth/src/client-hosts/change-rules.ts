import type { Tx } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import { endGrant } from '../grants/revoke.ts'
import {
  client_host_delete,
  client_host_list,
  client_host_put,
  client_list_in_use,
  consent_end_of_client,
  grant_list_living_of_client,
  tenant_lock_for_hosts,
} from './client-hosts.store.ts'
import type { HostRule } from './judge-host.ts'
import { passes } from './let-in.ts'

/** More than anybody keeps by hand. */
const MOST_RULES = 500

export type RulesChanged =
  | { readonly kind: 'changed'; readonly grants: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'too-many' }

type OfProfile = Parameters<typeof passes>[2] & Pick<Profile, 'tenancy'>

/** Adds a rule, or changes the one about that host. What was allowed to clients that are no longer let in ends with it. */
export async function putRule(
  tx: Tx,
  tenantId: string,
  rule: HostRule,
  of: { readonly now: Date; readonly profile: OfProfile },
): Promise<RulesChanged> {
  if (!(await tenant_lock_for_hosts(tx, tenantId))) return { kind: 'unknown' }
  const before = await client_host_list(tx, tenantId)
  if (before.length >= MOST_RULES && !before.some(({ host }) => host === rule.host)) return { kind: 'too-many' }
  await client_host_put(tx, tenantId, rule, of.now)
  return { kind: 'changed', grants: await endRefused(tx, tenantId, of) }
}

/** Takes a rule away. To take away the only one that allows a host opens the door to all. */
export async function removeRule(
  tx: Tx,
  tenantId: string,
  host: string,
  of: { readonly now: Date; readonly profile: OfProfile },
): Promise<RulesChanged> {
  if (!(await tenant_lock_for_hosts(tx, tenantId))) return { kind: 'unknown' }
  if (!(await client_host_delete(tx, tenantId, host))) return { kind: 'unknown' }
  return { kind: 'changed', grants: await endRefused(tx, tenantId, of) }
}

/** @returns how many grants ended */
async function endRefused(
  tx: Tx,
  tenantId: string,
  { now, profile }: { readonly now: Date; readonly profile: OfProfile },
): Promise<number> {
  const rules = await client_host_list(tx, tenantId)
  const follows = followsSelection(profile)
  let ended = 0
  for (const client of await client_list_in_use(tx, tenantId, follows)) {
    if (passes(client, rules, profile)) continue
    await consent_end_of_client(tx, tenantId, client.id, now)
    for (const { id } of await grant_list_living_of_client(tx, tenantId, client.id, follows)) {
      if (await endGrant(tx, id, 'client.not-let-in', now)) ended += 1
    }
  }
  return ended
}
