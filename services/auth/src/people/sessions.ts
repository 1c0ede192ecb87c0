import type { Tx } from '@gatehouse/database'
import type { FastifyRequest } from 'fastify'
import { appendAudited } from '../audit/append.ts'
import { request_identify, request_move } from '../authorize/requests.store.ts'
import type { Browser } from '../http/browser.ts'
import { newId } from '../secrets.ts'
import { roughNetwork } from './places.ts'
import {
  type Session,
  type SignInPlace,
  session_delete,
  session_get,
  session_insert,
  session_touch,
} from './sessions.store.ts'

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

export interface SignIn extends SignInPlace {
  readonly personId: string
  /** The browser's cookie until now, and the one that it has from now on. */
  readonly before: Browser
  readonly after: Browser
  /** The authorization request that waited for the sign-in. */
  readonly transaction: string | undefined
  readonly authTime: Date
  readonly now: Date
}

/** The browser gets a new cookie, so that one that somebody planted before is worth nothing (session fixation). */
export async function startSession(tx: Tx, signIn: SignIn): Promise<void> {
  const { before, after, transaction, now } = signIn
  await session_delete(tx, before.hash)
  await session_insert(tx, {
    ...signIn,
    id: newId('session'),
    idHash: after.hash,
    expiresAt: new Date(now.getTime() + LIFE_MS),
  })
  await appendAudited(tx, 'signedIn', {
    actor: { kind: 'person', id: signIn.personId },
    outcome: 'succeeded',
    action: signIn.method,
    now,
  })
  await request_move(tx, before.hash, after.hash)
  if (transaction !== undefined) await request_identify(tx, transaction, after.hash)
}

/** Signs a browser out; nothing where nobody is signed in. */
export async function endSession(tx: Tx, browserHash: Uint8Array, nowMs: number): Promise<void> {
  const session = await findSession(tx, browserHash, nowMs)
  if ((await session_delete(tx, browserHash)) === 0 || session === undefined) return
  await appendSignedOut(tx, session.personId, 'browser', new Date(nowMs))
}

/** Part of the transaction that ends the sessions. */
export const appendSignedOut = (
  tx: Tx,
  personId: string,
  action: 'browser' | 'other-browser' | 'everywhere',
  now: Date,
) => appendAudited(tx, 'signedOut', { actor: { kind: 'person', id: personId }, outcome: 'succeeded', action, now })

const USER_AGENT_LENGTH = 300

/** Where a request comes from, as far as it is kept. */
export const placeOf = (request: FastifyRequest, method: string): SignInPlace => ({
  method,
  userAgent: (request.headers['user-agent'] ?? '').slice(0, USER_AGENT_LENGTH),
  network: roughNetwork(request.ip),
})
