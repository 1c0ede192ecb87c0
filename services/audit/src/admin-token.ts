import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@gatehouse/config'

/** Whether a bearer is the operator's token of the environment. Takes the same time for every wrong one. */
export function adminTokenJudge(token: Secret): (given: string) => boolean {
  const expected = digest(token.reveal())
  return (given) => timingSafeEqual(digest(given), expected)
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
