import type { Tx } from '@gatehouse/database'
import { newSecret, sha256 } from '../secrets.ts'
import { type LinkSubject, link_insert } from './links.store.ts'

/** Where people set a password by a link. Below the sign-in, so that no other page leads back to it. */
export const NEW_PASSWORD_PATH = '/sign-in/new-password'
/** Where people take an invitation. */
export const INVITATION_PATH = '/settings/invitation'

const PATHS = { password: NEW_PASSWORD_PATH, invitation: INVITATION_PATH } as const satisfies Record<
  LinkSubject['purpose'],
  string
>

/** A link to a password is as good as the password. */
export const PASSWORD_LINK_MS = 3_600_000

export interface OneTimeLink {
  /** The whole address. It is nowhere else. */
  readonly url: string
  readonly expiresAt: Date
}

/** Makes a link that can be used once until `expiresAt`. Kept is its hash. */
export async function makeLink(
  tx: Tx,
  publicUrl: string,
  of: LinkSubject,
  times: { readonly now: Date; readonly expiresAt: Date },
): Promise<OneTimeLink> {
  const secret = newSecret()
  await link_insert(tx, sha256(secret), of, times)
  return {
    url: `${publicUrl}${PATHS[of.purpose]}?${new URLSearchParams({ link: secret })}`,
    expiresAt: times.expiresAt,
  }
}

export const makePasswordLink = (tx: Tx, publicUrl: string, personId: string, now: Date): Promise<OneTimeLink> =>
  makeLink(
    tx,
    publicUrl,
    { purpose: 'password', personId },
    { now, expiresAt: new Date(now.getTime() + PASSWORD_LINK_MS) },
  )
