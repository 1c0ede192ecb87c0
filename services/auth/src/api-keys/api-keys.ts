import type { Tx } from '@gatehouse/database'
import { appendAudited } from '../audit/append.ts'
import { appendRevoked } from '../feed/append.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { type ApiKey, key_insert, key_revoke } from './api-keys.store.ts'

/** What a key is made of. `key` gives the text itself (a demo's); otherwise it is random and shown once. */
export interface NewKey {
  readonly tenantId: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly expiresAt: Date | null
  readonly now: Date
  readonly key?: string
}

/** @returns the key's text, which is nowhere else; nothing when that very key is there already */
export async function makeKey(
  tx: Tx,
  of: NewKey,
): Promise<{ readonly key: ApiKey; readonly text: string } | undefined> {
  const text = of.key ?? `${of.prefix}${newSecret()}`
  const key: ApiKey = {
    id: newId('key'),
    tenantId: of.tenantId,
    name: of.name,
    hint: `${of.prefix}…${text.slice(-4)}`,
    scopes: of.scopes,
    createdAt: of.now,
    expiresAt: of.expiresAt,
  }
  if ((await key_insert(tx, key, sha256(text))) !== 1) return undefined
  await appendKey(tx, 'keyCreated', key, of.now)
  return { key, text }
}

const appendKey = (
  tx: Tx,
  kind: 'keyCreated' | 'keyRevoked',
  { id, tenantId: tenant }: Pick<ApiKey, 'id' | 'tenantId'>,
  now: Date,
): Promise<void> =>
  appendAudited(tx, kind, {
    tenant,
    actor: { kind: 'operator' },
    outcome: 'succeeded',
    object: { kind: 'key', id },
    now,
  })

/** Takes a key back and tells every node. @returns whether it was living */
export async function revokeKey(tx: Tx, id: string, now: Date): Promise<boolean> {
  const revoked = await key_revoke(tx, id, now)
  if (revoked === undefined) return false
  await appendRevoked(tx, revoked.tenantId, { kind: 'key', key: id, reason: 'operator.revoked' })
  await appendKey(tx, 'keyRevoked', { id, tenantId: revoked.tenantId }, now)
  return true
}
