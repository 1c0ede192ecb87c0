import type { Tx } from '@gatehouse/database'
import type { Client } from '../clients/clients.store.ts'
import { ownClients } from '../clients/own-clients.ts'
import { endGrant } from '../grants/revoke.ts'
import { client_host_list, client_host_list_held, grant_list_living_of_person_held } from './client-hosts.store.ts'
import { type HostRule, hostsOfClient, isLetIn } from './judge-host.ts'

type OfProfile = Parameters<typeof ownClients>[0]
type OfClient = Pick<Client, 'id' | 'redirectUris'>

/** Is it one of our own pages? They are part of the product, and no rule is about them. */
export const isOwnClient = (clientId: string, profile: OfProfile): boolean =>
  ownClients(profile, '').some(({ id }) => id === clientId)

export const passes = (client: OfClient, rules: readonly HostRule[], profile: OfProfile): boolean =>
  isOwnClient(client.id, profile) || isLetIn(hostsOfClient(client), rules)

/** Whether the organisation lets the client in; its rules stay as they are until the transaction is over. */
export const letIn = async (tx: Tx, client: OfClient, tenantId: string, profile: OfProfile): Promise<boolean> =>
  passes(client, await client_host_list_held(tx, tenantId), profile)

/**
 * The same for who holds the grant, and must not wait for the organisation any more: a rule that is made meanwhile waits for the grant, and
 * then ends it.
 */
export const letInNow = async (tx: Tx, client: OfClient, tenantId: string, profile: OfProfile): Promise<boolean> =>
  passes(client, await client_host_list(tx, tenantId), profile)

/**
 * Where tokens follow what their person has selected: what they allowed to clients that the organisation does not let in ends as they select
 * it, since it would speak for that one from now on. Consents stay, for those that do let it in.
 */
export async function endNotLetIn(
  tx: Tx,
  of: { readonly personId: string; readonly tenantId: string; readonly now: Date; readonly profile: OfProfile },
): Promise<void> {
  const rules = await client_host_list_held(tx, of.tenantId)
  if (rules.length === 0) return
  for (const { id, ...client } of await grant_list_living_of_person_held(tx, of.personId)) {
    const { clientId, redirectUris } = client
    if (!passes({ id: clientId, redirectUris }, rules, of.profile)) await endGrant(tx, id, 'client.not-let-in', of.now)
  }
}
