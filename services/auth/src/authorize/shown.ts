import { createHash } from 'node:crypto'
import type { Client } from '../clients/clients.store.ts'
import type { Resource } from '../resources/resources.store.ts'
import type { Offered } from '../scopes/offered.ts'

/**
 * Hex SHA-256 of what a person decides about, as JSON: the client as it is registered, the resources, and each scope with its words. Of two
 * consents with one digest the same was shown; what it was is not told.
 */
export function shownSha256(
  client: Pick<Client, 'id' | 'name' | 'redirectUris' | 'metadata'>,
  resources: readonly Resource[],
  scopes: readonly string[],
  offered: Offered,
): string {
  const shown = [
    [client.id, client.name, client.redirectUris, Object.entries(client.metadata).sort()],
    resources.map(({ identifier, name }) => [identifier, name]),
    offered.textsOf(resources, scopes).map(({ name, text }) => [name, text]),
  ]
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex')
}
