import { hkdfSync } from 'node:crypto'
import type { Secret } from '@gatehouse/config'

/** A 256-bit key of its own for each purpose, from the one secret that an operator keeps (RFC 5869). */
export const deriveKey = (secret: Secret, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret.reveal(), 'gatehouse', purpose, 32))
