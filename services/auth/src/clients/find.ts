import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { type Client, client_read_any } from './clients.store.ts'
import type { DocumentFault, MetadataDocuments } from './metadata-documents/documents.ts'
import { isDocumentId } from './metadata-documents/judge-url.ts'
import { type Home, isOfIssuer } from './of-issuer.ts'
import { isAsDescribed, type OwnClient, own_client_put } from './own-clients.ts'

/** Why a client cannot be used. Each is a refusal and a page. */
export type Absence = 'client.unknown' | 'client.expired' | DocumentFault

export type Found =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly reason: Absence; readonly text?: string }

/**
 * The client that an authorization request names: one of our table, or the one behind a metadata document.
 * @param sender who asks, as limits count them
 */
export type FindClient = (id: string, sender: string) => Promise<Found>

export function createClientFinder(deps: {
  readonly db: Database
  readonly documents: MetadataDocuments
  /** Pages of our own; registered when somebody first comes from there. */
  readonly own: readonly OwnClient[]
  readonly home: Home | undefined
  readonly clock: Clock
}): FindClient {
  const { db, documents, own, home, clock } = deps
  return async (id, sender) => {
    if (isDocumentId(id)) return documents.find(id, sender)
    let client = await client_read_any(db, id)
    const ours = own.find((one) => one.id === id)
    if (ours !== undefined && !isAsDescribed(client, ours)) {
      await db.asPlatform('own client', (tx) => own_client_put(tx, ours, new Date(clock.now())))
      client = await client_read_any(db, id)
    }
    const reason = absenceOf(client)
    return client === undefined || reason !== undefined || !isOfIssuer(client, home)
      ? { ok: false, reason: reason ?? 'client.unknown' }
      : { ok: true, client }
  }
}

/** Who was here and is not any more is told so: a client that hears "unknown" tries the same id for ever. */
export function absenceOf(
  client: Pick<Client, 'endedAt' | 'endReason' | 'disabledAt'> | undefined,
): 'client.unknown' | 'client.expired' | 'client.disabled' | undefined {
  if (client === undefined) return 'client.unknown'
  if (client.endedAt !== null) return client.endReason === 'deleted' ? 'client.unknown' : 'client.expired'
  return client.disabledAt === null ? undefined : 'client.disabled'
}
