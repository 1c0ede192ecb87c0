import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import type { Principal } from '@gatehouse/policy'
import { test } from 'tap'
import { claimFirst, takeClaim } from './claims.ts'
import { ToolFailure } from './define.ts'

const shop = { name: 'shop', role: 'gatehouse_mcp', migrations: new URL('../fixtures/claims/', import.meta.url) }
// The service's own schema has a table of the same form.
const own = { ...shop, name: 'mcp' }
const soon = () => new Date(Date.now() + 60_000)

test('a claim', async (t) => {
  const host = await testDatabase(t, [shop, own])
  const db = host.as(shop.role)
  const act = (tenant: string, claim: Parameters<typeof takeClaim>[2], fail = false) =>
    db.asTenant(tenant, async (tx) => {
      await takeClaim(tx, 'shop', claim)
      await tx.run(sql`insert into shop.effects (what) values (${claim?.id ?? ''})`)
      if (fail) throw new Error('the effect failed')
    })
  const effects = async (id: string) =>
    db.asPlatform('test', async (tx) => (await tx.rows(sql`select what from shop.effects where what = ${id}`)).length)
  const codeOf = (error: unknown): string => (error instanceof ToolFailure ? error.code : String(error))

  await t.test('50 uses at once have one effect; the others are told [S-MR-08]', async (t) => {
    const claim = { id: 'once', expiresAt: soon() }
    const ends = await Promise.allSettled(Array.from({ length: 50 }, () => act('acme', claim)))
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [codeOf(end.reason)] : []))
    t.same(
      refused,
      Array.from({ length: 49 }, () => 'confirmation.used'),
    )
    t.equal(await effects('once'), 1)
    await t.rejects(act('acme', claim), { code: 'confirmation.used' }, 'later too')
  })

  await t.test('an effect that is rolled back gives it back', async (t) => {
    const claim = { id: 'again', expiresAt: soon() }
    await t.rejects(act('acme', claim, true), /the effect failed/)
    await act('acme', claim)
    t.equal(await effects('again'), 1)
  })

  await t.test('which has expired is refused, and so is none at all', async (t) => {
    await t.rejects(act('acme', { id: 'late', expiresAt: new Date(Date.now() - 1_000) }), {
      code: 'confirmation.expired',
    })
    await t.rejects(act('acme', undefined), TypeError)
    t.equal(await effects('late'), 0)
  })

  await t.test('of another tenant is another claim', async () => {
    const claim = { id: 'ours', expiresAt: soon() }
    await act('acme', claim)
    await act('globex', claim)
  })

  await t.test('is taken before an effect elsewhere, and names its request', async (t) => {
    const principal = { tenant: 'acme' } as Principal
    const claim = { id: 'first', expiresAt: soon() }
    const ends = await Promise.allSettled(Array.from({ length: 50 }, () => claimFirst(db, principal, claim)))
    const keys = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    t.same(keys, ['first'])
  })
})
