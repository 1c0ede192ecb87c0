import { Secret } from '@gatehouse/config'
import { type Database, type DatabaseHost, openDatabase, sql } from '@gatehouse/database'
import { everyStep, testDatabase } from '@gatehouse/database/testing'
import { temporaryFolder } from '@gatehouse/testkit'
import { decodeProtectedHeader } from 'jose'
import { test } from 'tap'
import { authSchema } from './schema.ts'
import { fillFirst, firstSchema } from './testing/first-version.ts'
import {
  authorizeUrl,
  exchangeForm,
  formOf,
  MCP,
  newVerifier,
  openHouse,
  outboxOf,
  refreshForm,
  token,
  Visitor,
} from './testing/house.ts'
import { FILL } from './testing/later-versions.ts'

const SECRET = 'a secret of enough characters'
const COOKIE = '__Host-gatehouse'

/** Every table of the service and how many rows it has. */
async function tablesOf(db: Database): Promise<ReadonlyMap<string, number>> {
  return db.asPlatform('test', async (tx) => {
    const tables = await tx.rows<{ name: string }>(sql`
      select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'auth' and relkind = 'r' and relname <> 'migrations' order by 1`)
    const counts = new Map<string, number>()
    for (const { name } of tables) {
      const statement = { text: `select count(*)::int as n from auth."${name}"`, values: [] }
      counts.set(name, (await tx.one<{ n: number }>(statement)).n)
    }
    return counts
  })
}

/** Columns, constraints, indexes and policies, as text. */
async function shapeOf(host: DatabaseHost): Promise<readonly string[]> {
  const rows = await host.as(authSchema.role).asPlatform('test', (tx) =>
    tx.rows<{ line: string }>(sql`
      select 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
          || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') as line
        from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'auth'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      union all
      select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'auth'::regnamespace
      union all select 'index ' || indexdef from pg_indexes where schemaname = 'auth'
      union all
      select 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || coalesce(with_check, '')
        from pg_policies where schemaname = 'auth'
      order by 1`),
  )
  return rows.map(({ line }) => line)
}

test('an installation of the first version, with a row in every table, goes on after the upgrade', async (t) => {
  const host = await testDatabase(t, [await firstSchema(await temporaryFolder(t))])
  const db = host.as(authSchema.role)
  const kept = await fillFirst(db, SECRET, Date.now())
  for (const [table, rows] of await tablesOf(db)) t.ok(rows > 0, `${table} has rows`)
  const house = await openHouse(t, {
    host,
    profile: { refreshRetrySeconds: 120 },
    deps: { secret: new Secret(SECRET) },
  })
  const basic = `Basic ${Buffer.from(`${kept.secretClient.id}:${kept.secretClient.secret}`).toString('base64')}`
  const visitor = new Visitor(house)
  visitor.cookie = `${COOKIE}=${kept.cookie}`
  const userinfo = async (bearer: string) =>
    house.server.inject({ url: '/oauth/userinfo', headers: { authorization: `Bearer ${bearer}` } })

  await t.test('fresh and upgraded schemas are the same', async (t) => {
    const fresh = await openDatabase('pglite:')
    t.teardown(() => fresh.close())
    const upgraded = await openDatabase('pglite:')
    t.teardown(() => upgraded.close())
    await fresh.migrate([authSchema])
    await upgraded.migrate([await firstSchema(await temporaryFolder(t))])
    await upgraded.migrate([authSchema])
    t.same(await shapeOf(upgraded), await shapeOf(fresh))
  })

  await t.test('the code is exchanged, once, with its nonce, under the old keys', async (t) => {
    const form = exchangeForm(kept.publicClient, kept.code.code, kept.code.verifier)
    const answer = await token(house, form)
    t.equal(answer.statusCode, 200, answer.body)
    const { access_token, id_token } = answer.json()
    t.equal(decodeProtectedHeader(access_token).kid, kept.keys.access)
    t.equal(decodeProtectedHeader(id_token).kid, kept.keys.id)
    t.match(JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url').toString()), {
      nonce: 'old nonce',
      sub: 'per_old',
    })
    t.equal((await userinfo(access_token)).statusCode, 200)
    t.match((await token(house, form)).json(), { error: 'invalid_grant' })
    t.equal((await userinfo(access_token)).statusCode, 401, 'a replay takes back what it gave')
  })

  await t.test(
    'a refresh that was repeated across the upgrade gets its successor, and that one is rotated',
    async (t) => {
      const { used, newest } = kept.refresh
      const refresh = (of: string) => {
        const { client_id: _, ...form } = refreshForm(kept.secretClient.id, of)
        return token(house, form, { authorization: basic })
      }
      const repeated = await refresh(used)
      t.equal(repeated.statusCode, 200, repeated.body)
      t.equal(repeated.json().refresh_token, newest)
      const next = await refresh(newest)
      t.equal(next.statusCode, 200, next.body)
      t.equal((await userinfo(next.json().access_token)).statusCode, 200)
      house.clock.forward(10 * 60_000)
      t.match((await refresh(used)).json(), { error: 'invalid_grant' })
      t.match(
        (await refresh(next.json().refresh_token)).json(),
        { error: 'invalid_grant' },
        'reuse still ends the family',
      )
      house.clock.forward(-10 * 60_000)
    },
  )

  await t.test(
    'the person is still signed in, sees what they allowed, and answers the page that was open',
    async (t) => {
      const apps = await visitor.get('/settings/developer/authorized-apps')
      t.equal(apps.statusCode, 200)
      t.match(apps.body, 'Old client')
      const page = await visitor.get(`/oauth/authorize?transaction=${kept.transaction.id}`)
      t.equal(page.statusCode, 200)
      t.match(page.body, 'name="decision"')
      const { action, hidden } = formOf(page.body)
      const left = await visitor.post(action, { ...hidden, decision: 'approve' })
      const back = new URL(String(left.headers.location)).searchParams
      t.equal(back.get('state'), 'old state')
      const answer = await token(
        house,
        exchangeForm(kept.publicClient, back.get('code') ?? '', kept.transaction.verifier),
      )
      t.equal(answer.statusCode, 200, answer.body)
      t.match(answer.json(), { scope: 'mcp:read mcp:write' })
    },
  )

  await t.test('what was allowed is not asked for again', async (t) => {
    const verifier = newVerifier()
    const asked = { prompt: 'none', scope: 'mcp:read', resource: MCP }
    const answer = await visitor.get(authorizeUrl(kept.publicClient, verifier, asked))
    const back = new URL(String(answer.headers.location)).searchParams
    t.equal(back.get('error'), null)
    const tokens = await token(house, exchangeForm(kept.publicClient, back.get('code') ?? '', verifier))
    t.equal(tokens.statusCode, 200, tokens.body)
  })

  await t.test('password, API key and tenant are as they were', async (t) => {
    const person = new Visitor(house)
    t.equal((await person.signIn(kept.email, kept.password)).statusCode, 200)
    t.match(await house.auth.exchangeCredential(kept.apiKey), {
      tenant: 'ten_old',
      keyId: 'key_old',
      scopes: ['mcp:read'],
    })
    t.match(await db.asPlatform('test', (tx) => tx.one(sql`select * from auth.tenants where id = 'ten_old'`)), {
      plan: 'business',
      mcp: true,
      status: 'active',
    })
  })

  await t.test('an event that was not published yet still waits, before all later ones', async (t) => {
    const [first] = await outboxOf(db)
    t.equal(first?.subject, 'auth.delta.grant.gra_before')
  })
})

test('a row of every table, whichever version brought it, goes through every later migration as it is', async (t) => {
  // Registered resources were given ids and texts of their scopes.
  const rewritten = { 13: ['resources.id', 'resources.scopes'] }
  t.same(await everyStep({ schema: authSchema, folder: temporaryFolder(t), fill: FILL, rewritten }), [])
})
