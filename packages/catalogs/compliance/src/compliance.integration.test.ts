import { ident, openDatabase, sql } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { compliance } from './catalog.ts'
import { assessment, finding, keyOf, NOW, openCompliance, questions, report } from './compliance.fixture.ts'
import { listFindings } from './tools/list-findings.ts'

const TABLES = ['assessments', 'domains', 'questions', 'responses', 'findings', 'reports']

test('compliance on PostgreSQL', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([compliance.schema])
  const house = await openCompliance(t, host)
  const db = host.as(compliance.schema.role)
  for (const tenant of ['acme', 'globex']) {
    await house.put(tenant, {
      assessments: [assessment(`asm_${tenant}`, { status: 'finalized' })],
      ...questions(`asm_${tenant}`, { dom_1: ['pass', 'fail'] }),
      findings: [finding(`fnd_${tenant}`, `asm_${tenant}`, { title: tenant })],
      reports: [report(`rep_${tenant}`, `asm_${tenant}`)],
    })
  }

  await t.test('the run-time role is held to the tenant, and can change and remove nothing', async (t) => {
    const globex = <T>(body: Parameters<typeof db.asTenant<T>>[1]) => db.asTenant('globex', body)
    const forbidden = { code: '42501' }
    for (const table of TABLES.map((name) => ident(`compliance.${name}`))) {
      const rows = sql`select tenant_id from ${table}`
      t.same(await db.asPlatform('test', (tx) => tx.rows(rows)), [], 'no tenant, no rows')
      const seen = await globex((tx) => tx.rows<{ tenant_id: string }>(rows))
      t.ok(seen.length > 0 && seen.every(({ tenant_id }) => tenant_id === 'globex'), 'own rows only')
      await t.rejects(
        globex((tx) => tx.run(sql`delete from ${table}`)),
        forbidden,
      )
      await t.rejects(
        globex((tx) => tx.run(sql`update ${table} set tenant_id = 'acme'`)),
        forbidden,
      )
      await t.rejects(
        globex((tx) =>
          tx.run(sql`
            insert into ${table} select (jsonb_populate_record(r, '{"tenant_id":"acme"}')).* from ${table} r`),
        ),
        { code: /42501|428C9/ },
        'a row for another tenant',
      )
    }
    t.same(await globex((tx) => tx.rows(sql`select * from compliance.outbox`)), [], 'the outbox is not for tenants')
  })

  await t.test('no key reaches into another tenant, nor into another assessment of the same', async (t) => {
    const broken = { code: '23503' }
    await t.rejects(house.put('acme', { findings: [finding('fnd_x', 'asm_globex')] }), broken)
    await t.rejects(house.put('acme', { reports: [report('rep_x', 'asm_globex')] }), broken)
    await t.rejects(house.put('acme', questions('asm_globex', { dom_1: ['pass'] })), broken)
    await house.put('acme', { assessments: [assessment('asm_other')] })
    await t.rejects(house.put('acme', { findings: [finding('fnd_x', 'asm_other', { question_id: 'q_1' })] }), broken)
  })

  await t.test('what contradicts itself is not stored', async (t) => {
    const broken = { code: '23514' }
    const late = { status: 'finalized', finalized_at: null, score: null } as const
    for (const over of [late, { status: 'draft', finalized_at: NOW, score: 1 }, { score: 7 }] as const)
      await t.rejects(house.put('acme', { assessments: [assessment('asm_x', over)] }), broken)
    const resolved = finding('fnd_x', 'asm_acme', { status: 'resolved', resolved_at: null })
    await t.rejects(house.put('acme', { findings: [resolved] }), broken)
  })

  await t.test('the demo of two processes that start at once is written once', async (t) => {
    const people = [{ id: 'p1', email: 'owner@acme.test', name: 'Owner', role: 'owner' }]
    const tenant = { id: 'ten_demo', slug: 'acme', name: 'Acme', people }
    await Promise.all([compliance.demo({ db, now: NOW }, tenant), compliance.demo({ db, now: NOW }, tenant)])
    const { findings } = await house.call(listFindings, keyOf('ten_demo'), { limit: 100 })
    t.equal(findings.length, 10)
  })

  await t.test('pages hold while rows come from many at once', async (t) => {
    const worst = keyOf('busy')
    await house.put('busy', { assessments: [assessment('asm_busy')] })
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => house.put('busy', { findings: [finding(`fnd_${n}`, 'asm_busy')] })),
    )
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await house.call(listFindings, worst, { limit: 7, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.findings.map(({ id }: { id: string }) => id))
      cursor = page.nextCursor
      await house.put('busy', { findings: [finding(`fnd_new_${seen.length}`, 'asm_busy', { updated_at: NOW })] })
    } while (cursor !== undefined)
    t.equal(new Set(seen).size, seen.length, 'none twice')
    t.equal(seen.filter((id) => !id.startsWith('fnd_new')).length, 30, 'none missing')
  })
})
