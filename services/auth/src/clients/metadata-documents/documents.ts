import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { type KeyValue, KeyValueUnavailable } from '@gatehouse/kv'
import type { Fetched, Outbound } from '@gatehouse/outbound'
import type { Logger } from '@gatehouse/telemetry'
import type { Limiter } from '../../http/limiter.ts'
import { sha256Base64url } from '../../secrets.ts'
import { type Client, client_get_any, client_put_document } from '../clients.store.ts'
import { type CopyState, DOCUMENT_BOUNDS, freshUntil, stateOf } from '../freshness.ts'
import type { MetadataRules } from '../judge-metadata.ts'
import { document_get, document_put } from './documents.store.ts'
import { judgeDocument } from './judge-document.ts'
import { type DocumentPolicy, judgeDocumentUrl } from './judge-url.ts'

/** Why there is no client behind a URL. */
export type DocumentFault =
  /** The id or the document is not what it has to be, or is not trusted here. */
  | 'document.refused'
  /** It could not be fetched, and there is no copy that is young enough. */
  | 'document.unreachable'
  | 'client.disabled'

export type DocumentFound =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly reason: DocumentFault; readonly text: string }

export interface MetadataDocuments {
  /**
   * The client that a URL stands for, as an authorization request meets it: its document is fetched unless our copy is fresh.
   * @param sender who has it fetched, as limits count them
   */
  find(id: string, sender: string): Promise<DocumentFound>
}

export interface DocumentDeps {
  readonly db: Database
  readonly kv: KeyValue
  readonly clock: Clock
  readonly log: Logger
  readonly limiter: Limiter
  readonly outbound: Outbound
  readonly documentPolicy: DocumentPolicy
  /** `http` on loopback hosts is good too. */
  readonly laptop: boolean
  readonly metadataRules: MetadataRules
}

/** The draft's recommended limit, section "Maximum Response Size". */
const MAX_BYTES = 5 * 1024
/** For all documents of a host. Failures are not kept, so this alone stops somebody from having us ask a host on and on. */
const PER_HOST = { limit: 60, windowMs: 60_000 }
/** Fetches for one sender: there are few that can be under way at once, and whoever owns a domain has hosts without end. */
const PER_SENDER = { limit: 60, windowMs: 60_000 }
/** How long the other nodes leave the asking to one, while their copy is good enough. */
const LEASE_MS = 10_000
/** Answers that mean that the document was taken away. All else may be a bad hour of its host, or a wall before it. */
const WITHDRAWN: readonly (number | undefined)[] = [404, 410]

export function createMetadataDocuments(deps: DocumentDeps): MetadataDocuments {
  const { db, clock, log } = deps
  const flights = new Map<string, Promise<DocumentFound>>()

  const keep = (client: Omit<Parameters<typeof client_put_document>[1], 'createdAt'>, told: number | undefined) => {
    const now = new Date(clock.now())
    return db.asPlatform('metadata document', async (tx) => {
      const kept = await client_put_document(tx, { ...client, createdAt: now }, now)
      if (kept !== undefined)
        await document_put(tx, client.id, { fetchedAt: now, freshUntil: freshUntil(now, told, DOCUMENT_BOUNDS) })
      return kept
    })
  }

  const accept = async (
    id: string,
    { value, cacheSeconds }: Fetched & { readonly ok: true },
  ): Promise<DocumentFound> => {
    const verdict = judgeDocument(value, id, deps.metadataRules)
    if (!verdict.ok) {
      log.info({ client: id, fault: verdict.text }, 'metadata document refused')
      return refuse('document.refused', `The client metadata document is refused: ${verdict.text}`)
    }
    const own = { scopes: null, resources: null, tenantId: null, secretHash: null, registrationHash: null }
    const client = await keep({ id, kind: 'metadata', ...verdict.registration, ...own }, cacheSeconds)
    if (client === undefined) return refuse('client.disabled')
    log.info({ client: id, method: client.authMethod }, 'metadata document read')
    return { ok: true, client }
  }

  const ask = async (id: string, sender: string, copy: Client | undefined): Promise<DocumentFound> => {
    const found: DocumentFound | undefined = copy && { ok: true, client: copy }
    if (found !== undefined && !(await leads(id, deps))) return found
    if ((await deps.limiter.count(`document:${new URL(id).hostname}`, PER_HOST)) !== undefined)
      return found ?? refuse('document.unreachable', 'Documents of this host are asked for too often. Try again later.')
    if ((await deps.limiter.count(`documents-for:${sender}`, PER_SENDER)) !== undefined)
      return found ?? refuse('document.unreachable', 'Too many documents are asked for. Try again later.')
    const fetched = await deps.outbound.getJson(id, { maxBytes: MAX_BYTES })
    if (fetched.ok) return accept(id, fetched)
    const { fault, status } = fetched
    const usesCopy = found !== undefined && !WITHDRAWN.includes(status)
    log.warn({ client: id, fault, status, usesCopy }, 'metadata document could not be fetched')
    return usesCopy
      ? found
      : refuse('document.unreachable', `The client metadata document could not be fetched (${status ?? fault}).`)
  }

  const look = (id: string) =>
    db.asPlatform('metadata document', async (tx) => {
      const client = await client_get_any(tx, id)
      const copy = client === undefined || client.endedAt !== null ? undefined : await document_get(tx, id)
      return { client, state: stateOf(copy, new Date(clock.now()), DOCUMENT_BOUNDS) satisfies CopyState }
    })

  /** Looks once more first: a flight may have ended since its caller found the copy old. */
  const renew = async (id: string, sender: string): Promise<DocumentFound> => {
    const { client, state } = await look(id)
    if (client !== undefined && state === 'fresh') return { ok: true, client }
    return ask(id, sender, state === 'stale' ? client : undefined)
  }

  return {
    async find(id, sender) {
      const verdict = judgeDocumentUrl(id, deps.documentPolicy, deps.laptop)
      if (!verdict.ok) return refuse('document.refused', `The client id ${verdict.fault}.`)
      const { client, state } = await look(id)
      // One that was swept out comes back by itself; one that an operator deleted does not.
      if (client !== undefined && (client.disabledAt !== null || client.endReason === 'deleted'))
        return refuse('client.disabled')
      if (client !== undefined && state === 'fresh') return { ok: true, client }
      const flight = flights.get(id) ?? renew(id, sender).finally(() => flights.delete(id))
      flights.set(id, flight)
      return flight
    },
  }
}

const refuse = (reason: DocumentFault, text = 'The client is switched off here.'): DocumentFound => ({
  ok: false,
  reason,
  text,
})

/** Whether it is for this node to ask. Without the shared store every node asks for itself. */
async function leads(id: string, { kv, log }: DocumentDeps): Promise<boolean> {
  try {
    return await kv.claim(`auth:document:${sha256Base64url(id)}`, '1', LEASE_MS)
  } catch (error) {
    if (!(error instanceof KeyValueUnavailable)) throw error
    log.debug({ err: error }, 'metadata documents are asked for by every node')
    return true
  }
}
