import { hash } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { Introspect } from '../deps.ts'

/** What auth says of a credential at this moment; `away`: it did not say anything. */
export type Standing = 'active' | 'inactive' | 'suspended' | 'away'

/** So long an answer is taken again, that nobody answers too: whoever asks in between must not wait for the same silence. */
const TRUST_MS = 1_000
const MAX_HELD = 10_000

/**
 * Asks auth about credentials while revocations do not reach this node. Questions about one credential at once are asked once, and the answer
 * is good for a second. Never rejects.
 */
export function createStanding(options: {
  readonly introspect: Introspect | undefined
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}): (credential: string) => Promise<Standing> {
  const { introspect, clock } = options
  if (introspect === undefined) return async () => 'away'
  const held = new Map<string, { readonly standing: Promise<Standing>; until: number }>()

  const ask = async (credential: string): Promise<Standing> => {
    try {
      const { active, tenant_status } = await introspect(credential)
      if (!active) return 'inactive'
      return tenant_status === 'suspended' ? 'suspended' : 'active'
    } catch (error) {
      options.failed(error)
      return 'away'
    }
  }
  return (credential) => {
    const digest = hash('sha256', credential, 'base64')
    const hit = held.get(digest)
    if (hit !== undefined && hit.until > clock.now()) return hit.standing
    const asked = { standing: ask(credential), until: Number.POSITIVE_INFINITY }
    void asked.standing.then(() => {
      asked.until = clock.now() + TRUST_MS
    })
    held.delete(digest)
    held.set(digest, asked)
    const oldest = held.size > MAX_HELD ? held.keys().next().value : undefined
    if (oldest !== undefined) held.delete(oldest)
    return asked.standing
  }
}
