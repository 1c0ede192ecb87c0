import { AUDITED, AUDITED_BY_TYPE, type AuditedData, audited } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  ADMIN,
  authorizeUrl,
  connect,
  type House,
  newVerifier,
  openHouse,
  PASSWORD,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

interface Told {
  readonly kind: string
  readonly tenantid: string
  readonly time: string
  readonly data: AuditedData
}

/** What the audit log was told since the last look, oldest first. */
async function told({ db }: House): Promise<readonly Told[]> {
  const rows = await db.asPlatform('test', (tx) =>
    tx.rows<{ event: { type: string; tenantid: string; time: string; data: AuditedData } }>(sql`
      with taken as (delete from auth.audit_outbox returning position, event)
      select event from taken order by position`),
  )
  return rows.map(({ event }) => ({ ...event, kind: AUDITED_BY_TYPE.get(event.type) ?? event.type }))
}
const kinds = (all: readonly Told[]) => all.map(({ kind, data }) => `${kind} ${data.outcome}`)

test('the audit log is told what happens at the authorization server, in the transaction of the change', async (t) => {
  const house = await openHouse(t, { profile: { auditRefreshes: true } })
  const everything: Told[] = []
  const look = async () => {
    const found = await told(house)
    everything.push(...found)
    return found
  }
  await look()

  await t.test('a sign-in that is refused names nobody, one that is good the person', async (t) => {
    const visitor = new Visitor(house)
    await visitor.submit(await visitor.get('/sign-in'), { email: 'member@acme.test', password: 'wrong password' })
    t.match(await look(), [
      { kind: 'signedIn', tenantid: '*', data: { outcome: 'refused', actor: { kind: 'nobody' } } },
    ])
    await visitor.signIn()
    const [good] = await look()
    t.match(good, { kind: 'signedIn', data: { outcome: 'succeeded', action: 'password', requestId: String } })
    t.equal(good?.data.actor.kind, 'person')
  })

  await t.test('registration, consent and tokens; a token that is shown twice, and its end', async (t) => {
    const { client, refresh_token: first } = await connect(house)
    const begun = await look()
    t.same(kinds(begun), [
      'clientRegistered succeeded',
      'signedIn succeeded',
      'consented succeeded',
      'tokenIssued succeeded',
    ])
    t.equal(new Set(begun.map(({ data }) => data.requestId)).size, 4, 'each names its request')
    const refreshed = await token(house, refreshForm(client, first))
    const second = refreshed.json().refresh_token
    const requestId = refreshed.headers['x-request-id']
    t.match(await look(), [
      { kind: 'tokenIssued', data: { action: 'refresh_token', actor: { kind: 'person', client }, requestId } },
    ])
    house.clock.forward(600_000)
    const reused = await token(house, refreshForm(client, first))
    t.equal(reused.statusCode, 400)
    const end = await look()
    t.same(kinds(end), ['accessRevoked succeeded', 'refreshReused refused', 'tokenRefused refused'])
    t.same([...new Set(end.map(({ data }) => data.requestId))], [reused.headers['x-request-id']])
    t.equal((await token(house, refreshForm(client, second))).statusCode, 400)
    t.match(await look(), [{ kind: 'tokenRefused', data: { reason: 'grant.ended', action: 'refresh_token' } }])
  })

  await t.test(
    'a consent says who decided, when, by which request, on which scopes, and what was shown as a digest [A-CN-09, S-AU-31]',
    async (t) => {
      const { client_id: client } = await registerClient(house)
      const visitor = new Visitor(house)
      await visitor.signIn()
      await look()
      const decide = async (decision: 'approve' | 'deny', scope: string) => {
        const page = await visitor.get(authorizeUrl(client, newVerifier(), { scope, prompt: 'consent' }))
        await visitor.submit(page, { decision })
        const [found] = (await look()).filter(({ kind }) => kind === 'consented')
        t.match(found, {
          data: { actor: { kind: 'person', client }, fields: scope.split(' '), requestId: String },
        })
        t.ok(Math.abs(Date.parse(found?.time ?? '') - house.clock.now()) < 60_000)
        return found?.data.argumentsSha256
      }
      const [read, write] = [await decide('approve', 'mcp:read'), await decide('approve', 'mcp:read mcp:write')]
      t.match(read, /^[0-9a-f]{64}$/)
      t.not(write, read, 'more was shown')
      t.equal(await decide('deny', 'mcp:read'), read, 'the same was shown')
      await house.db.asPlatform('test', (tx) =>
        tx.run(
          sql`update auth.clients set metadata = metadata || '{"client_uri":"https://other.example"}' where id = ${client}`,
        ),
      )
      t.not(await decide('approve', 'mcp:read'), read, 'the client says something else of itself')
    },
  )

  await t.test('a consent that is denied', async (t) => {
    const { client_id: client } = await registerClient(house)
    const visitor = new Visitor(house)
    await visitor.signIn()
    await look()
    await visitor.submit(await visitor.get(authorizeUrl(client, newVerifier())), { decision: 'deny' })
    t.match(await look(), [
      {
        kind: 'consented',
        data: { outcome: 'refused', reason: 'person.denied', object: { kind: 'client', id: client } },
      },
    ])
  })

  await t.test('a sign-out', async (t) => {
    const visitor = new Visitor(house)
    await visitor.signIn()
    await look()
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/')).body)?.[1] ?? ''
    await visitor.post('/sign-out', { csrf })
    t.match(await look(), [{ kind: 'signedOut', data: { actor: { kind: 'person' }, action: 'browser' } }])
    await visitor.post('/sign-out', { csrf })
    t.same(await look(), [], 'nobody was signed in any more')
  })

  await t.test(
    'what an operator changes, once; what is only read is not told; what is refused is told as that',
    async (t) => {
      const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) =>
        house.server.inject({
          method,
          url: `/admin/v1${path}`,
          headers: { authorization: `Bearer ${ADMIN}` },
          ...(payload === undefined ? {} : { payload }),
        })
      await call('GET', '/tenants')
      t.same(await look(), [])
      const made = (
        await call('POST', '/clients', { name: 'A secret name', redirectUris: ['https://a.example/cb'] })
      ).json()
      t.match(await look(), [
        {
          kind: 'administered',
          data: { actor: { kind: 'operator' }, action: 'POST /clients', fields: ['name', 'redirectUris'] },
        },
      ])
      await call('PATCH', `/clients/${made.id}`, { disabled: true })
      t.match(await look(), [
        { kind: 'administered', data: { object: { kind: 'client', id: made.id }, fields: ['disabled'] } },
      ])
      t.equal((await call('DELETE', `/clients/${made.id}`)).statusCode, 200)
      t.same(kinds(await look()).sort(), ['administered succeeded', 'clientDeleted succeeded'])
      t.equal((await call('DELETE', '/clients/nobody')).statusCode, 404)
      t.match(await look(), [
        { kind: 'administered', tenantid: '*', data: { outcome: 'refused', reason: 'thing.unknown' } },
      ])
      await call('POST', '/keyrings/refresh/rotate', {})
      t.same(kinds(await look()).sort(), ['administered succeeded', 'keyringRotated succeeded'])
    },
  )

  await t.test('every event fits its schema, and no value is among them', async (t) => {
    t.ok(everything.length > 15)
    for (const { data } of everything) t.ok(audited.strict().safeParse(data).success, JSON.stringify(data))
    const text = JSON.stringify(everything)
    for (const value of ['member@acme.test', PASSWORD, 'wrong password', 'A secret name', ADMIN])
      t.notMatch(text, value)
    t.notOk(everything.some(({ kind }) => !(kind in AUDITED)))
  })
})
