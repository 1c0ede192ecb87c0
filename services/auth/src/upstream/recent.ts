import type { Clock } from '@gatehouse/contracts'
import { PageFault } from '../http/pages.ts'

/** How old a sign-in may be for a change of how somebody signs in. */
const RECENT_MS = 15 * 60_000

/** @throws PageFault */
export function requireRecent(authTime: Date, clock: Clock): void {
  if (clock.now() - authTime.getTime() > RECENT_MS) throw new PageFault('sign-in.old')
}
