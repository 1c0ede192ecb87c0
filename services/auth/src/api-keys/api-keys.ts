import type { Tx } from '@gatehouse/database'
import { appendAudited } from '../audit/append.ts'
import { appendRevoked } from '../feed/append.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { type ApiKey, key_change, key_insert, key_lock, key_renew_of_maker, key_revoke } from './api-keys.store.ts'

/** Who works on keys: an operator, or a person of the tenant on the page. */
export type KeyActor = { readonly kind: 'operator' } | { readonly kind: 'person'; readonly id: string }

const OPERATOR: KeyActor = { kind: 'operator' }

/** What a key is made of. `key` gives the text itself (a demo's); otherwise it is random and shown once. */
export interface NewKey {
  readonly tenantId: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly expiresAt: Date | null
  readonly now: Date
  readonly key?: string
  /** A key of one project only. */
  readonly project?: string | undefined
  /** Default: an operator. */
  readonly by?: KeyActor
}

/** @returns the key's text, which is nowhere else; nothing when that very key is there already */
export async function makeKey(
  tx: Tx,
  of: NewKey,
): Promise<{ readonly key: ApiKey; readonly text: string } | undefined> {
  const text = of.key ?? `${of.prefix}${newSecret()}`
  const by = of.by ?? OPERATOR
  const key: ApiKey = {
    id: newId('key'),
    tenantId: of.tenantId,
    name: of.name,
    hint: `${of.prefix}…${text.slice(-4)}`,
    scopes: of.scopes,
    kind: of.project === undefined ? 'organisation' : 'project',
    project: of.project ?? null,
    version: 1,
    createdAt: of.now,
    expiresAt: of.expiresAt,
  }
  const createdBy = by.kind === 'person' ? by.id : null
  if ((await key_insert(tx, { ...key, createdBy }, sha256(text))) !== 1) return undefined
  await appendKey(tx, 'keyCreated', key, by, of.now)
  return { key, text }
}

const appendKey = (
  tx: Tx,
  kind: 'keyCreated' | 'keyChanged' | 'keyRevoked',
  { id, tenantId: tenant }: Pick<ApiKey, 'id' | 'tenantId'>,
  actor: KeyActor,
  now: Date,
  fields?: string[],
): Promise<void> =>
  appendAudited(tx, kind, {
    tenant,
    actor,
    outcome: 'succeeded',
    object: { kind: 'key', id },
    ...(fields === undefined ? {} : { fields }),
    now,
  })

/** What may be changed of a key. */
export interface KeyChange {
  readonly name?: string | undefined
  readonly scopes?: readonly string[] | undefined
}

/**
 * Changes a key. Other scopes make another version of it: what nodes learnt of the one before is refused, and streams that rest on it end.
 * @param tenantId whose it has to be; absent: whoever's
 * @returns the key as it is now; nothing when there is no such living one
 */
export async function changeKey(
  tx: Tx,
  id: string,
  change: KeyChange,
  of: { readonly tenantId?: string; readonly by?: KeyActor; readonly now: Date },
): Promise<ApiKey | undefined> {
  const before = await key_lock(tx, id)
  if (before === undefined || (of.tenantId ?? before.tenantId) !== before.tenantId) return undefined
  const { name = before.name, scopes = before.scopes } = change
  const others = !sameSet(scopes, before.scopes)
  if (!others && name === before.name) return before
  const after = { ...before, name, scopes, version: before.version + (others ? 1 : 0) }
  await key_change(tx, after)
  if (others) {
    const reason = 'key.changed'
    await appendRevoked(tx, before.tenantId, { kind: 'key', key: id, below: after.version, reason })
  }
  const fields = [...(name === before.name ? [] : ['name']), ...(others ? ['scopes'] : [])]
  await appendKey(tx, 'keyChanged', before, of.by ?? OPERATOR, of.now, fields)
  return after
}

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  new Set(one).size === new Set(other).size && one.every((item) => other.includes(item))

/**
 * Takes a key back and tells every node.
 * @param of `tenantId`: whose it has to be; absent: whoever's
 * @returns whether it was living
 */
export async function revokeKey(
  tx: Tx,
  id: string,
  of: { readonly tenantId?: string; readonly by?: KeyActor; readonly now: Date },
): Promise<boolean> {
  const held = await key_lock(tx, id)
  if (held === undefined || (of.tenantId ?? held.tenantId) !== held.tenantId) return false
  await key_revoke(tx, id, of.now)
  const by = of.by ?? OPERATOR
  await appendRevoked(tx, held.tenantId, { kind: 'key', key: id, reason: `${by.kind}.revoked` })
  await appendKey(tx, 'keyRevoked', held, by, of.now)
  return true
}

/**
 * What the maker of keys may do has changed: what nodes learnt of the keys before is refused, and asked anew.
 * @param tenantId where; absent: everywhere
 */
export async function renewKeysOf(tx: Tx, personId: string, tenantId?: string): Promise<void> {
  for (const { id, tenantId: of, version } of await key_renew_of_maker(tx, personId, tenantId))
    await appendRevoked(tx, of, { kind: 'key', key: id, below: version, reason: 'maker.changed' })
}
