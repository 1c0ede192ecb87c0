import { createHmac } from 'node:crypto'
import type { Keyring } from '@gatehouse/keyring'

/** Computes successors of refresh tokens, so that only hashes need to be kept. */
export interface RefreshRing {
  /** Id of the key to use for a new rotation. */
  readonly current: string
  /** The successor of a token under the key of that id; `undefined` when the key is retired. */
  successor(token: string, keyId: string): string | undefined
}

/** Read before the transaction in which it is used: a transaction cannot open another. */
export async function openRefreshRing(ring: Keyring): Promise<RefreshRing> {
  const { id: current } = await ring.active()
  const secrets = new Map((await ring.keys()).map((key) => [key.id, key.secret]))
  return {
    current,
    successor(token, keyId) {
      const secret = secrets.get(keyId)
      return secret === undefined ? undefined : createHmac('sha256', secret).update(token).digest('base64url')
    },
  }
}
