import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openBus } from '@gatehouse/bus'
import { DELTA_SUBJECTS, STREAMS } from '@gatehouse/contracts'
import { eventually, spawnNode } from '@gatehouse/testkit'
import { decodeJwt } from 'jose'
import { t as file, type Test, test } from 'tap'
import type { ServiceProcess } from '../cluster/process.ts'
import { signInAtPages } from './person.ts'
import { type Connected, connectClient, runningCluster } from './running.ts'
import { administer, keyOf, tenantOf } from './systems/admin.ts'
import { type Answer, ask, rpc } from './wire.ts'

/** What is taken back while calls and streams run on two nodes is taken back on both within this time. */
const PROMISED_MS = 1_000
const STREAM_MS = 60_000

file.setTimeout(170_000)

const tenancy = { by: 'account', account: 'follow', host: '{tenant}.{host}', issuer: 'origin' } as const
const grants = ['authorization_code', 'refresh_token', 'client_credentials'] as const
const limits = { requestsPerMinute: 1_000_000 }
const running = await runningCluster(file, { tenancy, limits, grants: [...grants] })
const { cluster, publicUrl, secrets } = running
const host = new URL(publicUrl).host
const [first, second] = cluster.mcp as [ServiceProcess, ServiceProcess]
const acme = await tenantOf(running, 'acme')
const globex = await tenantOf(running, 'globex')

const at = (
  node: ServiceProcess,
  credential: string,
  method: string,
  params = {},
  withinMs?: number,
): Promise<Answer> => {
  const sent = rpc(credential, method, params)
  const headers = { ...(sent.headers as Record<string, string>), host }
  return ask(`${node.url}/mcp`, { ...sent, headers, ...(withinMs === undefined ? {} : { withinMs }) })
}
const projects = (node: ServiceProcess, credential: string) =>
  at(node, credential, 'resources/read', { uri: 'align://projects' })

/** A stream of each node that stays open until the server ends it. */
const listen = (node: ServiceProcess, credential: string): Promise<Answer> =>
  at(
    node,
    credential,
    'subscriptions/listen',
    { notifications: { resourceSubscriptions: ['align://projects'] } },
    STREAM_MS,
  )

interface Seen {
  /** When the last call that was answered as before was sent, on each node; milliseconds after the change. */
  readonly lastBefore: readonly number[]
  /** When each stream ended. */
  readonly ended: readonly number[]
  readonly streams: readonly Answer[]
}

/** Calls on both nodes without a pause and a stream on each, while something is taken back. */
async function watch(
  credential: string,
  isAfter: (answer: Answer) => boolean,
  change: () => Promise<unknown>,
): Promise<Seen> {
  let changed = Number.POSITIVE_INFINITY
  const nodes = [first, second]
  const streams = nodes.map(async (node) => {
    const answer = await listen(node, credential)
    return { answer, at: performance.now() }
  })
  const calls = nodes.map(async (node) => {
    let last = 0
    for (;;) {
      const sent = performance.now()
      if (isAfter(await projects(node, credential))) return last
      last = sent
      if (sent > changed + 10_000) return last
      await pause(10)
    }
  })
  // Both kinds are under way.
  await pause(300)
  await change()
  changed = performance.now()
  const lastBefore = (await Promise.all(calls)).map((sent) => sent - changed)
  const all = await Promise.all(streams)
  return { lastBefore, ended: all.map(({ at: when }) => when - changed), streams: all.map(({ answer }) => answer) }
}

function effective(t: Test, { lastBefore, ended, streams }: Seen): void {
  t.comment(`calls ${lastBefore.map(Math.round)} ms, streams ${ended.map(Math.round)} ms after it was committed`)
  for (const ms of lastBefore) t.ok(ms <= PROMISED_MS, 'no call was answered as before for longer')
  for (const ms of ended) t.ok(ms <= PROMISED_MS, 'no stream was open for longer')
  for (const { status, text } of streams) {
    t.equal(status, 200)
    t.match(text, /"result":/, 'it ended with its result, and was not cut off')
  }
}

const status = (wanted: number) => (answer: Answer) => answer.status === wanted
const claims = ({ accessToken }: Connected) =>
  decodeJwt(accessToken) as { sub: string; grant_id: string; tenant_id: string }
const connect = async (email: string): Promise<Connected> => {
  const connected = await connectClient(running, email)
  file.teardown(() => connected.client.close())
  return connected
}

/** Lets the age of what the delta stream holds run out, which takes a day otherwise. */
async function forgetRevocations(t: Test): Promise<void> {
  const bus = await openBus(cluster.nats.url)
  t.teardown(() => bus.close())
  const held = async (): Promise<string[]> => {
    const subjects: string[] = []
    const { authDelta } = STREAMS
    const reading = await bus.follow(authDelta.name, { from: 'first' }, ({ subject }) => void subjects.push(subject))
    await reading.caughtUp
    await reading.stop()
    return subjects.filter((subject) => subject !== DELTA_SUBJECTS.tick)
  }
  t.ok((await held()).length > 0, 'what was taken back is held')
  await bus.ensureStreams([{ ...STREAMS.authDelta, maxAgeSeconds: 1, duplicateWindowSeconds: 1 }])
  await eventually(10_000, 'the revocations to be forgotten', async () => (await held()).length === 0)
  await bus.ensureStreams([STREAMS.authDelta])
}

test('what is taken back while calls and streams run is taken back on both nodes within a second', async (t) => {
  await t.test('a grant [A-CN-06]', async (t) => {
    const member = await connect('member@acme.test')
    effective(
      t,
      await watch(member.accessToken, status(401), () =>
        administer(running, 'DELETE', `/grants/${claims(member).grant_id}`),
      ),
    )
  })

  await t.test('an API key [U5]', async (t) => {
    const { id, key } = await keyOf(running, acme)
    effective(t, await watch(key, status(401), () => administer(running, 'DELETE', `/api-keys/${id}`)))
  })

  await t.test('a role: the token of the old one is refused', async (t) => {
    const viewer = await connect('viewer@acme.test')
    const path = `/tenants/${acme}/people/${claims(viewer).sub}`
    effective(
      t,
      await watch(viewer.accessToken, status(401), () => administer(running, 'PATCH', path, { role: 'member' })),
    )
  })

  await t.test('a membership', async (t) => {
    const admin = await connect('admin@acme.test')
    const path = `/tenants/${acme}/people/${claims(admin).sub}`
    effective(t, await watch(admin.accessToken, status(401), () => administer(running, 'DELETE', path)))
  })

  await t.test(
    'the organisation that is selected: calls run in the other one, streams of the old one end [Z6]',
    async (t) => {
      const consultant = await connect('consultant@example.test')
      const browser = await signInAtPages(publicUrl, {
        email: 'consultant@example.test',
        password: secrets.demoPassword,
      })
      const home = await browser.open('/')
      const here = claims(consultant).tenant_id
      const there = here === acme ? globex : acme
      const before = (await projects(first, consultant.accessToken)).text
      const seen = await watch(
        consultant.accessToken,
        ({ status, text }) => status === 200 && text !== before,
        () => browser.send(home, '/settings/organisation', { tenant: there }),
      )
      effective(t, seen)
      const owned = await keyOf(running, there)
      t.equal((await projects(second, consultant.accessToken)).text, (await projects(first, owned.key)).text)
    },
  )

  await t.test(
    'a workspace that is suspended, and a node that starts when the revocations of that time are forgotten knows it from its first answer [L1]',
    async (t) => {
      const owner = await connect('owner@globex.test')
      const patch = (status: string) => administer(running, 'PATCH', `/tenants/${globex}`, { status })
      effective(t, await watch(owner.accessToken, status(423), () => patch('suspended')))
      await second.stop()
      await forgetRevocations(t)
      let started = false
      const starting = cluster.restartNode(second).finally(() => {
        started = true
      })
      // Asked since before the port is open: a node that lets anybody in while it still reads is seen.
      const answers: number[] = []
      while (!started || answers.length === 0) {
        const answer = await projects(second, owner.accessToken).catch(() => undefined)
        if (answer === undefined) await pause(5)
        else answers.push(answer.status)
      }
      const fresh = await starting
      t.not(fresh.pid, second.pid)
      t.comment(`${answers.length} answers before it said that it was ready`)
      t.equal(answers[0], 423, 'the first answer of all')
      t.same(new Set(answers), new Set([423]), 'and those until it was ready')
      t.equal((await projects(fresh, owner.accessToken)).status, 423)
      await patch('active')
    },
  )
})

test('a service of one’s own, in plain Node, takes its own tokens and no others, and knows within a second what was taken back [A-CC-04, A-CR-09]', async (t) => {
  const audience = 'https://reports.example'
  const reports = { name: 'Reports', scopes: [{ name: 'reports:read', text: 'Read reports', implies: [] }] }
  await administer(running, 'POST', '/resources', { identifier: audience, ...reports })
  const client = await administer(running, 'POST', '/clients', {
    ...{ name: 'Nightly sync', authMethod: 'client_secret_basic', grantTypes: ['client_credentials'] },
    ...{ scopes: ['reports:read', 'mcp:read'], resources: [audience, `${publicUrl}/mcp`], tenant: acme },
  })
  const service = spawnNode(t, fileURLToPath(new URL('./reports-service.main.ts', import.meta.url)), {
    ...{ ISSUER: publicUrl, AUDIENCE: audience, NATS_URL: cluster.nats.url },
  })
  const port = /\d+$/.exec(await service.ready(/listening on \d+/))?.[0]
  const show = (token?: string) =>
    ask(`http://127.0.0.1:${port}/`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`
  const post = (path: string, form: Record<string, string>) =>
    ask(`${publicUrl}${path}`, { headers: { authorization: basic }, body: new URLSearchParams(form) })
  const tokenFor = async (resource: string): Promise<string> => {
    // A resource that was registered a moment ago is known to every node soon.
    const answer = await eventually(10_000, 'a token', async () => {
      const given = await post('/oauth/token', { grant_type: 'client_credentials', resource })
      return given.status === 200 ? given : undefined
    })
    return String(answer.json().access_token)
  }

  const [own, other, kept] = [await tokenFor(audience), await tokenFor(`${publicUrl}/mcp`), await tokenFor(audience)]
  t.match((await show(own)).json(), { subject: client.id, kind: 'service', tenant: acme })
  t.match((await show(other)).json(), { error: 'audience' }, 'a token for MCP is none for it')
  t.equal((await projects(first, own)).status, 401, 'nor is its token one for MCP')
  t.equal((await projects(first, other)).status, 200)
  t.equal((await show()).status, 401)

  t.equal((await post('/oauth/revoke', { token: own })).status, 200)
  const revoked = performance.now()
  while ((await show(own)).status === 200 && performance.now() < revoked + 10_000) await pause(10)
  t.ok(performance.now() - revoked <= PROMISED_MS, 'the token was refused within a second')
  t.match((await show(own)).json(), { error: 'revoked' })
  t.equal((await show(kept)).status, 200, 'the other one is good')

  await administer(running, 'PATCH', `/clients/${client.id}`, { disabled: true })
  const disabled = performance.now()
  while ((await show(kept)).status === 200 && performance.now() < disabled + 10_000) await pause(10)
  t.ok(performance.now() - disabled <= PROMISED_MS, 'and with the client all that it held')
})
