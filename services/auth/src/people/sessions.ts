import type { Tx } from '@gatehouse/database'
import { type Session, session_get, session_touch } from './sessions.store.ts'

/** A sign-in ends after a day without use, and after two weeks in any case. */
export const IDLE_MS = 24 * 3_600_000
export const LIFE_MS = 14 * 24 * 3_600_000
const TOUCH_MS = 60_000

/** Who is signed in in this browser, if anybody. */
export async function findSession(tx: Tx, browserHash: Uint8Array, nowMs: number): Promise<Session | undefined> {
  const now = new Date(nowMs)
  const session = await session_get(tx, browserHash, now, new Date(nowMs - IDLE_MS))
  if (session !== undefined && nowMs - session.seenAt.getTime() > TOUCH_MS) await session_touch(tx, browserHash, now)
  return session
}
