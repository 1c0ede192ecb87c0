import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import type { Logger } from '@gatehouse/telemetry'
import { stillDone } from '../audit/asked-by.ts'
import { appendAdministered } from '../audit/by-person.ts'
import { Refusal } from '../errors.ts'
import { invitationLetter } from '../mail/letters.ts'
import type { Mailer } from '../mail/port.ts'
import { newId } from '../secrets.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { invitation_upsert } from '../upstream/offers.store.ts'
import { invitation_lock_of_address } from './links.store.ts'
import { makeLink, type OneTimeLink } from './links.ts'

export const INVITATION_DAYS = 14

export interface InviteDeps {
  readonly profile: Profile
  /** Where people of a tenant are at home, by its slug. */
  readonly originOf: (slug: string) => string
  readonly db: Database
  readonly clock: Clock
  readonly mailer: Mailer
  readonly log: Logger
}

export interface Invited {
  readonly id: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly link: OneTimeLink
  /** Whether a letter was wanted and has left. */
  readonly sent: boolean
}

/**
 * Invites an address to a tenant: whoever has the link, or signs in with that address at a provider that the tenant trusts, joins with that
 * role. A second invitation takes the place of the first; earlier links lead to the same.
 * @throws Refusal when there is no such tenant
 */
export async function invite(
  of: {
    readonly tenantId: string
    readonly email: string
    readonly role: string
    /** The person who invites; absent: an operator, who is told of elsewhere. */
    readonly by?: string
    /** Whether the link is mailed to the address. */
    readonly send: boolean
    /** Judges, as of now, whoever invites: by the role of the invitation that it would replace, if one waits. Throws what is answered. */
    readonly judge?: (tx: Tx, waitingRole: string | undefined) => Promise<void>
  },
  { profile, originOf, db, clock, mailer, log }: InviteDeps,
): Promise<Invited> {
  const { tenantId, email, role } = of
  const createdAt = new Date(clock.now())
  const expiresAt = new Date(createdAt.getTime() + INVITATION_DAYS * 86_400_000)
  const made = await db.asPlatform('invitation', async (tx) => {
    const tenant = await tenant_get(tx, tenantId)
    if (tenant === undefined) throw new Refusal('thing.unknown')
    await of.judge?.(tx, (await invitation_lock_of_address(tx, tenantId, email))?.role)
    const { id } = await invitation_upsert(tx, tenantId, { id: newId('invitation'), email, role, createdAt, expiresAt })
    if (of.by !== undefined) {
      const object = ['invitation', id] as const
      await appendAdministered(tx, { action: 'member.invite', tenantId, by: of.by, object, now: createdAt })
    }
    const about = { purpose: 'invitation', invitationId: id } as const
    return { id, tenant, link: await makeLink(tx, originOf(tenant.slug), about, { now: createdAt, expiresAt }) }
  })
  const brand = profile.branding.name
  const letter = invitationLetter({ to: email, brand, tenant: made.tenant.name, link: made.link })
  const sent = of.send && (await hasLeft(() => mailer.send(letter), log))
  return { id: made.id, createdAt, expiresAt, link: made.link, sent }
}

/** Sends a letter. @returns whether it left; why it did not stands in the log */
export async function hasLeft(send: () => Promise<void>, log: Logger): Promise<boolean> {
  try {
    await stillDone(send)
    return true
  } catch (error) {
    log.warn({ err: error }, 'a mail was not sent')
    return false
  }
}
