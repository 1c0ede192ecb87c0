import { type Database, ident, sql, type Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import { type Claim, ToolFailure } from './define.ts'

/**
 * Takes a claim in the effect's own transaction: whoever inserts its id first has the effect, the others fail; a transaction that rolls
 * back gives it back. The time that counts is the database's.
 * @param schema the catalog's, with a table `claims` as the README has it
 * @throws ToolFailure when it was taken before, or has expired; TypeError without a claim, so that no effect is had unconfirmed
 */
export async function takeClaim(tx: Tx, schema: string, claim: Claim | undefined): Promise<void> {
  if (claim === undefined) throw new TypeError('this call has no claim: does its tool ask for confirmation?')
  const { taken, expired } = await tx.one<{ taken: boolean; expired: boolean }>(sql`
    with taken as (
      insert into ${ident(`${schema}.claims`)} (id, expires_at)
      select ${claim.id}, ${claim.expiresAt} where ${claim.expiresAt}::timestamptz > now()
      on conflict do nothing returning id
    )
    select exists (select from taken) as taken, ${claim.expiresAt}::timestamptz <= now() as expired`)
  if (taken) return
  throw expired
    ? new ToolFailure('confirmation.expired', 'The confirmation came too late, nothing was done. Call the tool again.')
    : new ToolFailure(
        'confirmation.used',
        'This confirmation has been used already and is good once. Look whether its effect is there before you call the tool again.',
      )
}

/**
 * For effects that lie outside the database: takes the claim first, in the service's own schema, and gives the `Idempotency-Key` for the
 * request that follows. At most once: when that request's end is not known, say so to the caller, and do not try again.
 * @param db what the catalog was opened with @throws as `takeClaim`
 */
export async function claimFirst(db: Database, principal: Principal, claim: Claim | undefined): Promise<string> {
  await db.asTenant(principal.tenant, (tx) => takeClaim(tx, 'mcp', claim))
  return (claim as Claim).id
}
