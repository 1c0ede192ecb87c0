import type { Database } from '@gatehouse/database'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Limiter } from '../http/limiter.ts'
import { senderOf } from '../http/sender.ts'
import { sha256Base64url } from '../secrets.ts'
import type { Devices } from './devices.ts'
import type { Passwords } from './passwords.ts'
import { type Person, person_get_by_email, person_replace_password } from './people.store.ts'

export interface TryPasswordDeps {
  readonly db: Database
  readonly passwords: Passwords
  readonly limiter: Limiter
  readonly devices: Devices
}

/**
 * One address trying one account is slowed first, so that strangers elsewhere cannot keep a person out; the wider limits stop guessing
 * from many addresses, and of many accounts. A browser that has signed in to the account before is counted for itself alone.
 */
const PAIR = { limit: 20, windowMs: 60_000 }
const ACCOUNT = { limit: 100, windowMs: 60_000 }
const ADDRESS = { limit: 200, windowMs: 60_000 }
const DEVICE = { limit: 20, windowMs: 60_000 }

const WRONG = 'Email or password is wrong.'
const LONGEST_EMAIL = 320
const LONGEST_PASSWORD = 1_024

export type PasswordOutcome =
  | { readonly kind: 'known'; readonly person: Person }
  | { readonly kind: 'refused'; readonly status: number; readonly error: string; readonly retryAfter?: number }

/**
 * Whether an email and a password belong together. What is wrong, whether there is such an account, whether it is in use and whether it
 * has a password cannot be told from the answer or from its time.
 * @throws Refusal when too many passwords wait to be checked
 */
export async function tryPassword(
  request: FastifyRequest,
  reply: FastifyReply,
  given: { readonly email: string | undefined; readonly password: string | undefined },
  { db, passwords, limiter, devices }: TryPasswordDeps,
): Promise<PasswordOutcome> {
  const email = (given.email ?? '').trim()
  const password = given.password ?? ''
  // The store is shared with others: an address of a person does not stand in it.
  const account = sha256Base64url(email.toLowerCase())
  const device = devices.known(request, account)
  const counters =
    device === undefined
      ? // In this order: a try that its address may not make does not count against the account.
        ([
          [`sign-in:${senderOf(request)}`, ADDRESS],
          [`sign-in:${account}:${senderOf(request)}`, PAIR],
          [`sign-in:${account}`, ACCOUNT],
        ] as const)
      : ([[`sign-in:device:${device}:${account}`, DEVICE]] as const)
  for (const [key, limit] of counters) {
    const retryAfter = await limiter.count(key, limit)
    if (retryAfter === undefined) continue
    return { kind: 'refused', status: 429, error: `Too many tries. Try again in ${retryAfter} seconds.`, retryAfter }
  }
  // Nobody has such an email or such a password.
  const readable = email.length <= LONGEST_EMAIL && password.length <= LONGEST_PASSWORD
  const likely = readable ? await db.asPlatform('sign-in', (tx) => person_get_by_email(tx, email)) : undefined
  // A database may take more letters for the same than we do; each such spelling would be counted apart.
  const found = likely?.email.toLowerCase() === email.toLowerCase() ? likely : undefined
  const stored = found?.passwordHash ?? undefined
  const matches = await passwords.verify(stored, password.slice(0, LONGEST_PASSWORD))
  if (!matches || found === undefined || stored === undefined || found.deactivatedAt !== null) {
    return { kind: 'refused', status: 403, error: WRONG }
  }
  // Of one address only: the count of the account is what slows those who guess from many.
  await Promise.all(counters.filter(([, limit]) => limit !== ADDRESS).map(([key]) => limiter.forget(key)))
  if (!passwords.isCurrent(stored)) {
    const renewed = await passwords.hash(password)
    await db.asPlatform('sign-in', (tx) => person_replace_password(tx, found.id, stored, renewed))
  }
  devices.remember(request, reply, account)
  return { kind: 'known', person: found }
}
