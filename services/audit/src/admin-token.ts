import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@gatehouse/config'
import { Refusal } from './errors.ts'

/** Guards routes: `check` throws a refusal unless the header carries the operator's token. Takes the same time for every wrong one. */
export function adminTokenGuard(token: Secret): (authorization: string | undefined) => void {
  const expected = digest(token.reveal())
  return (authorization) => {
    const given = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    if (given === undefined) throw new Refusal('credential.missing')
    if (!timingSafeEqual(digest(given), expected)) throw new Refusal('credential.wrong')
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
