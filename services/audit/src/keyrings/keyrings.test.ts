import { createHeadReader, createVerification, readProofLine } from '@gatehouse/audit-proof'
import { busSchema, openBus } from '@gatehouse/bus'
import { Secret } from '@gatehouse/config'
import { testDatabase } from '@gatehouse/database/testing'
import { silentLogger } from '@gatehouse/telemetry'
import { decodeProtectedHeader } from 'jose'
import { type Test, test, t as wholeFile } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { openRings } from '../seal/rings.ts'
import { ADMIN_TOKEN, accessToken, auditRig } from '../testing/rig.ts'
import { sealAll } from '../testing/seal-all.ts'

const MINUTE = 60_000
/** As the rig has it. */
const secret = new Secret('a secret of sixteen characters')
const host = await testDatabase(wholeFile, [busSchema, auditSchema])
const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
wholeFile.teardown(() => bus.close())
const database = host.as(auditSchema.role)
const clock = { at: Date.now(), now: () => clock.at }

/** A process of the service, with what it alone remembers of the rings. */
async function node(t: Test) {
  const fetch = async () =>
    Response.json({
      access_token: await accessToken({ exp: Math.floor(Date.now() / 1_000) + 36_000 }),
      token_type: 'Bearer',
    })
  const rig = await auditRig({ database, bus, clock, fetch })
  t.teardown(() => rig.server.close())
  const visit = (url: string, cookies: readonly string[] = []) =>
    rig.server.inject({ url, headers: { cookie: cookies.join('; ') } })
  const rotate = async (ring: string, payload: object | undefined = undefined, token = ADMIN_TOKEN) =>
    rig.server.inject({
      ...{ method: 'POST', url: `/admin/v1/audit/keyrings/${ring}/rotate` },
      ...(payload === undefined ? {} : { payload }),
      headers: { authorization: `Bearer ${token}` },
    })
  return { ...rig, visit, rotate }
}
/** By a process that has just started: it signs with the key that is in use at this moment. */
const seal = () =>
  sealAll({ database, clock, signer: openRings({ db: database, clock, log: silentLogger, secret }).heads })
type Node = Awaited<ReturnType<typeof node>>

const store = (count: number) => {
  const data = new TextEncoder().encode(messageOf(...Array.from({ length: count }, () => toolCalled({}))).data)
  return storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
}

/** What somebody finds who has the rows of one node and the key set of another. */
async function findings(rows: Node, keys: Node): Promise<{ found: unknown[]; rows: number; kids: Set<unknown> }> {
  const readHead = createHeadReader((await keys.get('/admin/v1/audit/jwks.json')).json())
  const verification = createVerification({ readHead, external: [] })
  const kids = new Set<unknown>()
  for (const text of (await rows.get('/admin/v1/audit/proof')).body.trim().split('\n')) {
    const line = readProofLine(text)
    if (line.kind === 'head' || (line.kind === 'platform' && line.jws !== null))
      kids.add(decodeProtectedHeader(line.jws ?? '').kid)
    await verification.line(line)
  }
  const report = await verification.end()
  return { found: [...report.findings], rows: report.rows, kids }
}

const cookiesOf = ({ headers }: { readonly headers: Record<string, unknown> }): string[] =>
  [headers['set-cookie'] ?? []].flat().map((cookie) => String(cookie).split(';', 1)[0] ?? '')
const begin = async ({ visit }: Node) => {
  const left = await visit('/activity')
  return { cookies: cookiesOf(left), state: new URL(left.headers.location ?? '').searchParams.get('state') ?? '' }
}
const finish = async ({ visit }: Node, { cookies, state }: { cookies: string[]; state: string }) => {
  const back = await visit(`/activity/callback?code=c1&state=${state}`, cookies)
  return { status: back.statusCode, cookies: cookiesOf(back).filter((cookie) => !cookie.endsWith('=')) }
}

test('rings of heads and cookies are rotated while rows are sealed and verified, people sign in and look: nothing fails', async (t) => {
  const home = await node(t)
  let young = await node(t)
  const kids = new Set<unknown>()
  const sessions: string[][] = []
  let sealed = 0
  for (let round = 0; round < 4; round += 1) {
    const waiting = await begin(home)
    for (const ring of ['heads', 'cookies']) {
      // By command at one of them; in the last round in an emergency: the other has not read the key.
      const answer = await (round % 2 === 0 ? home : young).rotate(ring, { now: round === 3 })
      t.equal(answer.statusCode, 200)
      t.match(answer.json(), { ring, newest: String })
    }
    await store(5)
    await seal()
    t.same((await findings(young, home)).found, [], `round ${round}: what was signed a moment ago`)
    clock.at += 6 * MINUTE
    young = await node(t)
    await store(5)
    await seal()
    sealed += 10
    for (const [rows, keys] of [
      [home, young],
      [young, home],
    ] as const) {
      const { found, ...seen } = await findings(rows, keys)
      t.same(found, [], `round ${round}: every head is by a key that both know`)
      t.ok(seen.rows >= sealed)
      for (const kid of seen.kids) kids.add(kid)
    }
    const done = await finish(young, waiting)
    t.equal(done.status, 303, 'a sign-in that had begun ends at a new node')
    const other = await finish(home, await begin(young))
    t.equal(other.status, 303, 'and one that began there at the old one')
    sessions.push(done.cookies, other.cookies)
    for (const cookies of sessions)
      for (const at of [home, young]) t.equal((await at.visit('/activity', cookies)).statusCode, 200)
  }
  t.ok(kids.size >= 4, 'each key signed in its time')
})

test('an operator sees and rotates the rings of audit; the log says so; what proves the log is not retired', async (t) => {
  const { get, rotate } = await node(t)
  const listed = await get('/admin/v1/audit/keyrings')
  t.match(listed.json(), {
    keyrings: [
      { ring: 'heads', keys: [{ id: String, state: String }] },
      { ring: 'cookies', keys: [{ state: String }] },
    ],
  })
  t.notMatch(listed.body, /secret|sealed|PRIVATE/)
  t.equal((await rotate('heads', {}, 'another')).statusCode, 401)
  t.equal((await get('/admin/v1/audit/keyrings', {})).statusCode, 401)
  t.equal((await rotate('access')).statusCode, 404)
  t.equal((await rotate('cookies', { retireOthers: true })).statusCode, 400)
  t.equal((await rotate('cookies', { soon: true })).statusCode, 400)
  t.equal((await rotate('heads', { now: true, retireOthers: true })).statusCode, 409)
  const { newest, keys } = (await rotate('cookies', { now: true, retireOthers: true })).json()
  t.match(keys, [{ id: newest, state: 'active' }])
  t.equal(keys.length, 1)
  t.equal((await rotate('cookies')).statusCode, 200, 'without a body')
  const told = (await get('/admin/v1/audit/events?type=auth_keyring_rotated&limit=100')).json().events
  t.ok(
    told.some((event: unknown) =>
      new RegExp(`"now".*cookies/${newest}|cookies/${newest}.*"now"`).test(JSON.stringify(event)),
    ),
    'with its ring, its key and how',
  )
})
