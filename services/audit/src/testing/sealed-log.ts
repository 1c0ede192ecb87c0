import {
  createHeadReader,
  createVerification,
  type Finding,
  type ProofLine,
  type SignedHead,
} from '@gatehouse/audit-proof'
import { systemClock } from '@gatehouse/contracts'
import { openDatabase, sql, type Tx } from '@gatehouse/database'
import { makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { postgres } from '@gatehouse/testkit'
import { storeBatch } from '../ingest/store-batch.ts'
import { proofLines } from '../proof/evidence.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { localHeadSigner } from '../seal/rings.ts'
import { tenantChain } from '../seal/seal.store.ts'
import { chained, sealRound, signTenant } from '../seal/seal.ts'
import { eventColumns, type StoredRow } from '../stored-event.ts'
import { sealAll } from './seal-all.ts'

/** In two months, half of them each; and some more, sealed after these. */
export const PER_TENANT = 16
export const LATER = 4
export const TENANTS = ['t1', 't2', 't3']
/** Of how many rows each of the two segments of a tenant is. */
export const PER_SEGMENT = (PER_TENANT + LATER) / 2

class Undone extends Error {}

const make = makeSigningKey('ES256')

/** For tests: a log of three tenants, each with two heads, and ways to tamper with it as whoever owns the database. */
export async function sealedLog(t: Parameters<typeof postgres>[0]) {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([auditSchema])
  const database = host.as(auditSchema.role)
  /** Whoever owns the database: no policy holds for it. */
  const owner = host.as('postgres')
  const signer = localHeadSigner(fixedKeyring({ make }))
  const keys = await signer.publicKeys()
  const readHead = createHeadReader(keys)
  const deps = { database, signer, clock: systemClock }

  const store = async (tenant: string, count: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, n) =>
      toolCalled(
        { tool: `tool.${n % 7}`, actor: { kind: 'person', id: `p${n % 5}`, client: 'c1' }, requestId: `r${n}` },
        { tenant, time: new Date(Date.UTC(2026, n % 2, 1) + n * 60_000).toISOString() },
      ),
    )
    const data = new TextEncoder().encode(messageOf(...events).data)
    await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
  }
  for (const tenant of TENANTS) await store(tenant, PER_TENANT)
  await sealAll(deps)
  // A second head of each, so that there is one before the last.
  for (const tenant of TENANTS) await store(tenant, LATER)
  await sealAll(deps)

  const verify = async (tx: Tx, external: readonly SignedHead[] = []): Promise<readonly Finding[]> => {
    const verification = createVerification({ readHead, external })
    for await (const line of proofLines((body) => body(tx), { keys, at: new Date() })) await verification.line(line)
    return verification.end().findings
  }

  return {
    owner,
    signer,
    /** Has a key too, but none of ours. */
    stranger: localHeadSigner(fixedKeyring({ make })),
    rows: await owner.asPlatform('test', (tx) =>
      tx.rows<StoredRow & { seq: bigint; hash: string }>(
        sql`select ${eventColumns} from audit.events as e order by e.tenant, e.class, e.time, e.seq`,
      ),
    ),

    verify: () => owner.asPlatform('test', (tx) => verify(tx)),

    /** What is found after the owner did that; nothing of it stays. */
    async afterTampering(
      tamper: (tx: Tx) => Promise<unknown>,
      external?: readonly SignedHead[],
    ): Promise<readonly Finding[]> {
      let findings: readonly Finding[] = []
      const undone = owner.asPlatform('tamper', async (tx) => {
        await tamper(tx)
        findings = await verify(tx, external)
        throw new Undone()
      })
      await undone.catch((error: unknown) => {
        if (!(error instanceof Undone)) throw error
      })
      return findings
    },

    /** What is found in the lines of the untouched log after somebody altered them on their way. */
    async afterAltering(alter: (lines: readonly ProofLine[]) => readonly ProofLine[]): Promise<readonly Finding[]> {
      const lines = await owner.asPlatform('test', async (tx) => {
        const read: ProofLine[] = []
        for await (const line of proofLines((body) => body(tx), { keys, at: new Date() })) read.push(line)
        return read
      })
      const verification = createVerification({ readHead })
      for (const line of alter(lines)) await verification.line(line)
      return verification.end().findings
    },

    /** The last head of a chain, as somebody outside has kept it. */
    async headOf(chain: string): Promise<SignedHead> {
      const { jws } = await owner.asPlatform('test', (tx) =>
        tx.one<{ jws: string }>(sql`select jws from audit.heads where chain = ${chain} order by n desc limit 1`),
      )
      const head = await readHead(jws)
      if (typeof head === 'string') throw new Error(head)
      return head
    },

    /** Whoever writes the database but has no key: the chain of a tenant as if the rows had always been these. */
    async recompute(tx: Tx, tenant: string): Promise<void> {
      const found = await tx.rows<StoredRow>(
        sql`select ${eventColumns} from audit.events as e where tenant = ${tenant}
          order by e.class, date_trunc('month', e.time), e.seq`,
      )
      const { places, changed } = chained(tenant, found, [])
      for (const { id, seq, hash } of places)
        await tx.run(sql`update audit.events set seq = ${seq}, hash = ${hash} where id = ${id}::uuid`)
      await tx.run(sql`delete from audit.segments where tenant = ${tenant}`)
      for (const of of changed)
        await tx.run(sql`insert into audit.segments values (${tenant}, ${of.class}, ${of.month}, ${of.count}, ${of.hash}, 0,
          ${of.droppedHash})`)
    },

    /** The service itself, after its database was set back: it goes on from the head before the last. */
    async signAnew(tx: Tx, tenant: string): Promise<void> {
      await tx.run(sql`delete from audit.heads where chain = ${tenantChain(tenant)} and n = 2`)
      await signTenant(tx, { tenant, changed: [], sign: await signer.prepare(), clock: systemClock })
    },

    /** As the service does when a tenant has a new head. */
    async listAnew(tx: Tx): Promise<void> {
      await tx.run(sql`update audit.chains set listed_n = 1 where tenant = 't2'`)
      await sealRound({ ...deps, database: { ...database, asPlatform: (_purpose, body) => body(tx) } }, [])
    },
  }
}

export const kindsOf = (findings: readonly Finding[]) => [...new Set(findings.map(({ kind }) => kind))].sort()
