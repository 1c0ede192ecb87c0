import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import type { ServiceProcess } from '../cluster/process.ts'
import { CALLBACK, type Connected, connectClient, runningCluster } from './running.ts'
import { type Answer, ask, rpc } from './wire.ts'

/** Short, so that a node that knows nothing of revocations refuses within the test. */
const GRACE_SECONDS = 2
/** When a node without ticks refuses at last: stale after five seconds, then the grace, and a second for the beat. */
const EXPIRED_MS = (5 + GRACE_SECONDS + 1) * 1_000
/** All works again so soon after a part is back. */
const BACK_MS = 30_000
const ASK_AGAIN_MS = 250

file.setTimeout(170_000)

const running = await runningCluster(file, { staleGraceSeconds: GRACE_SECONDS })
const { cluster, publicUrl, secrets } = running
const { host: publicHost } = new URL(publicUrl)

const exits: string[] = []
const watchExit = (service: ServiceProcess) => {
  void service.ended.then((how) => exits.push(`${service.name}: ${how}`))
}
for (const service of [cluster.auth, cluster.audit, ...cluster.mcp]) watchExit(service)

const connect = (email: string) => connectClient(running, email)
const main = await connect('member@acme.test')
file.teardown(() => main.client.close())
/** Its refresh token is the newest one. */
let refreshing = await connect('admin@acme.test')
const { projects } = (await main.client.read('align://projects')) as { projects: { id: string }[] }
const projectId = projects[0]?.id ?? ''
const entry = (await main.client.call('entry.create', { projectId, title: 'Watched', type: 'feedback' })).structured
const entryUri = `align://entries/${entry.id}`

/** Refused at the door: whose call it was is not known, so there is nobody to write into a log. */
const NOT_KNOWN_WHOSE = /cannot be checked now/

/** The request ids of all tool calls of a known caller, whatever was answered. */
const judgedCalls: string[] = []

/** To one node, or to any through the balancer. */
async function mcp(node: ServiceProcess | 'any', token: string, method: string, params: Record<string, unknown> = {}) {
  const sent = rpc(token, method, params)
  const id = randomUUID()
  const url = node === 'any' ? publicUrl : node.url
  const answer = await ask(`${url}/mcp`, {
    ...sent,
    headers: { ...(sent.headers as Record<string, string>), host: publicHost, 'x-request-id': id },
  })
  if (method === 'tools/call' && !NOT_KNOWN_WHOSE.test(answer.text)) judgedCalls.push(id)
  return answer
}

const search = (node: ServiceProcess | 'any', token = main.accessToken, q = 'export') =>
  mcp(node, token, 'tools/call', { name: 'search.global', arguments: { q } })
const create = (node: ServiceProcess | 'any', title: string) =>
  mcp(node, main.accessToken, 'tools/call', {
    name: 'entry.create',
    arguments: { projectId, title, type: 'feedback' },
  })
const comment = (content: string) =>
  mcp('any', main.accessToken, 'tools/call', {
    name: 'entry.add_comment',
    arguments: { entryId: entry.id, content },
  })
const list = (node: ServiceProcess | 'any', token = main.accessToken) => mcp(node, token, 'tools/list')
const read = (node: ServiceProcess | 'any') => mcp(node, main.accessToken, 'resources/read', { uri: entryUri })

async function refresh(): Promise<Answer> {
  const { clientId, refreshToken } = refreshing
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  const answer = await ask(`${publicUrl}/oauth/token`, { body: new URLSearchParams(form) })
  if (answer.status === 200) {
    const { access_token, refresh_token } = answer.json()
    refreshing = { ...refreshing, accessToken: String(access_token), refreshToken: String(refresh_token) }
  }
  return answer
}

const revoke = ({ refreshToken, clientId }: Connected) =>
  ask(`${publicUrl}/oauth/revoke`, { body: new URLSearchParams({ token: refreshToken, client_id: clientId }) })

const register = () =>
  ask(`${publicUrl}/oauth/clients`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }),
  })

const auditQuery = (query = 'limit=1') =>
  ask(`${publicUrl}/admin/v1/audit/events?${query}`, { headers: { authorization: `Bearer ${secrets.adminToken}` } })

const signInPage = () => ask(`${publicUrl}/sign-in`, { headers: { accept: 'text/html', cookie: knownBrowser } })
const knownBrowser = String((await ask(`${publicUrl}/sign-in`)).headers['set-cookie']).split(';', 1)[0] ?? ''

const ready = (service: ServiceProcess) => ask(`${service.url}/readyz`)

const [first, second] = cluster.mcp as [ServiceProcess, ServiceProcess]

/** One request of every kind, at the same time; each is answered in time or the promise rejects. */
async function survey(revoked: Connected, title = 'Made in passing') {
  const asked = {
    list: list(first),
    listSecond: list(second),
    readingTool: search(first),
    writingTool: create(second, title),
    read: read(first),
    refresh: refresh(),
    signIn: signInPage(),
    register: register(),
    revoke: revoke(revoked),
    audit: auditQuery(),
    authMetadata: ask(`${publicUrl}/.well-known/oauth-authorization-server`),
    resourceMetadata: ask(`${publicUrl}/.well-known/oauth-protected-resource/mcp`),
    readyAuth: ready(cluster.auth),
    readyAudit: ready(cluster.audit),
    readyMcp: ready(first),
  }
  const names = Object.keys(asked) as (keyof typeof asked)[]
  const answers = await Promise.all(Object.values(asked))
  return Object.fromEntries(names.map((name, at) => [name, answers[at]])) as Record<keyof typeof asked, Answer>
}

type Surveyed = Awaited<ReturnType<typeof survey>>

const statuses = (answers: Surveyed) =>
  Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, answer.status]))

const WELL = {
  list: 200,
  listSecond: 200,
  readingTool: 200,
  writingTool: 200,
  read: 200,
  refresh: 200,
  signIn: 200,
  register: 201,
  revoke: 200,
  audit: 200,
  authMetadata: 200,
  resourceMetadata: 200,
  readyAuth: 200,
  readyAudit: 200,
  readyMcp: 200,
} as const

/** What no answer may show: how the parts are reached, and how the code looks. */
const INSIDES =
  /ECONN|EPIPE|127\.0\.0\.1:\d|postgres(ql)?:|nats:|redis:|node_modules|\.ts:\d|\bat \S+ \(|select .* from/i

/** Statuses as expected, a time to wait for in each 503 but the probes', and nothing of our insides anywhere. */
function judge(t: Test, answers: Surveyed, expected: Partial<Record<keyof Surveyed, number>>): void {
  t.strictSame(statuses(answers), { ...WELL, ...expected })
  for (const [name, { status, headers, text }] of Object.entries(answers)) {
    if (status >= 400) t.notMatch(text, INSIDES, name)
    if (status === 503 && !name.startsWith('ready'))
      t.match(headers['retry-after'], /^[1-9]\d?$/, `${name}: Retry-After`)
  }
}

const failedTool = (answer: Answer): unknown => {
  const { result } = answer.json() as { result?: { isError?: boolean; content?: { text: string }[] } }
  return result?.isError === true ? result.content?.[0]?.text : undefined
}

/** Nothing that was restarted but the part: every kind of request is answered well again. */
async function worksAgain(t: Test, revoked: Connected): Promise<void> {
  await eventually(BACK_MS, 'every kind of request to be answered well again', async () => {
    const answers = await survey(revoked)
    const worse = Object.entries(statuses(answers)).filter(([name, status]) => WELL[name as keyof Surveyed] !== status)
    if (worse.length > 0) throw new Error(JSON.stringify(worse))
    const failed = [answers.readingTool, answers.writingTool, answers.read].find((one) => !('result' in one.json()))
    if (failed !== undefined || failedTool(answers.writingTool) !== undefined) throw new Error(failed?.text)
    return true
  })
  t.strictSame(exits, [], 'no process has ended')
}

/** A stream on the watched entry. `hears` makes a change and awaits the news of it. */
async function listening(t: Test) {
  const heard: string[] = []
  const stream = await main.client.listen?.([entryUri], (uri) => heard.push(uri))
  t.teardown(() => stream?.close().catch(() => undefined))
  return {
    async hears(what: string): Promise<void> {
      const before = heard.length
      t.equal((await comment(what)).status, 200)
      await eventually(BACK_MS, `the stream to hear: ${what}`, () => heard.length > before)
    },
  }
}

test('without Redis every kind of request goes on, each node counting alone, both together no more than the limit', async (t) => {
  const limitOf = ({ headers }: Answer) => Number(headers['x-ratelimit-limit'])
  const limit = limitOf(await list(first))
  const spare = await connect('owner@acme.test')
  t.teardown(() => spare.client.close())
  const stream = await listening(t)
  await cluster.redis.stop()
  judge(t, await survey(spare), {})
  // A node that came a moment ago is not known to the other yet.
  const shares = await eventually(BACK_MS, 'each node to have its share', async () => {
    // Asking without end would use up what is asked about.
    await pause(ASK_AGAIN_MS)
    const answers = await Promise.all([list(first), list(second)])
    for (const { headers } of answers) t.match(headers, { 'x-ratelimit-remaining': /^\d+$/ }, 'limits go on')
    const [one = 0, other = 0] = answers.map(limitOf)
    return one + other <= limit ? [one, other] : undefined
  })
  t.ok(
    shares.every((share) => share > 0),
    'and it is not nothing',
  )
  await stream.hears('while Redis is away')
  await cluster.redis.start()
  await worksAgain(t, spare)
})

test('without PostgreSQL tokens are verified, tools and auth say clearly that they cannot, and no event is lost', async (t) => {
  const spare = await connect('owner@acme.test')
  t.teardown(() => spare.client.close())
  const stream = await listening(t)
  await cluster.postgres.stop()
  const answers = await survey(spare)
  const away = { refresh: 503, signIn: 503, register: 503, revoke: 503, audit: 503 }
  judge(t, answers, { ...away, read: 503, readyAuth: 503, readyAudit: 503 })
  for (const name of ['refresh', 'register', 'revoke', 'audit'] as const) {
    t.match(answers[name].json(), { error: 'temporarily_unavailable', request_id: String }, name)
  }
  t.match(answers.signIn.headers['content-type'], 'text/html')
  t.match(answers.read.json(), { error: { code: -32_603, message: /cannot be reached/ } })
  for (const name of ['readingTool', 'writingTool'] as const) {
    t.match(failedTool(answers[name]), /cannot be reached at the moment. Nothing was changed/, name)
  }
  t.match(answers.readyAuth.json(), { missing: [{ name: 'database' }] })
  await cluster.postgres.start()
  await worksAgain(t, spare)
  await stream.hears('after PostgreSQL came back')
})

test('NATS that is away for a moment ends no stream', async (t) => {
  const stream = await listening(t)
  await cluster.nats.stop()
  t.equal((await list(first)).status, 200)
  await cluster.nats.start()
  await eventually(BACK_MS, 'calls to be recorded again', async () => (await search('any')).status === 200)
  await stream.hears('after a moment without NATS')
})

test('without NATS calls are refused before they run, and what is revoked is asked of auth; without auth too, past the grace all is 503 [S-HS-07]', async (t) => {
  const spare = await connect('owner@acme.test')
  t.teardown(() => spare.client.close())
  t.equal((await list(first, spare.accessToken)).status, 200)
  await cluster.nats.stop()
  const atOnce = await create(first, 'At the very moment')
  const unrecorded = { error: { data: { executed: true, recorded: false } } }
  t.ok(atOnce.status === 503 || t.match(atOnce.json(), unrecorded), 'refused, or said to be done and not recorded')
  const title = `Never${randomUUID().replaceAll('-', '')}`
  const refused = await eventually(BACK_MS, 'calls to be refused', async () => {
    const answers = await survey(spare, title)
    return answers.writingTool.status === 503 && answers.readingTool.status === 503 && answers
  })
  judge(t, refused, { readingTool: 503, writingTool: 503, readyMcp: 503 })
  t.match(refused.writingTool.json(), { error: { code: -32_603, message: /nothing was done/ } })
  t.match(refused.readyMcp.json(), { missing: [{ name: 'bus' }] })

  for (const node of cluster.mcp) {
    await eventually(
      EXPIRED_MS,
      'the node to ask auth',
      async () => (await list(node, spare.accessToken)).status === 401,
    )
    t.equal((await list(node)).status, 200, 'what auth calls good goes on')
  }
  t.equal((await refresh()).status, 200, 'auth goes on')

  await cluster.auth.kill()
  t.strictSame(exits.splice(0), ['auth: SIGKILL'])
  const lacks = async (node: ServiceProcess) => (await ready(node)).text.includes('"revocations"')
  for (const node of cluster.mcp) await eventually(EXPIRED_MS, 'the grace to end', () => lacks(node))
  for (const node of cluster.mcp) {
    for (const token of [main.accessToken, spare.accessToken]) {
      const answer = await eventually(BACK_MS, 'all to be 503', async () => {
        const asked = await list(node, token)
        return asked.status === 503 && asked
      })
      t.match(answer.headers['retry-after'], /^\d+$/)
      t.match(answer.json(), { error: { message: NOT_KNOWN_WHOSE } })
    }
  }

  const seen = new Set<number>()
  await cluster.nats.start()
  watchExit(await cluster.restart('auth'))
  for (const node of cluster.mcp) {
    await eventually(BACK_MS, 'the revoked token to be refused', async () => {
      const { status } = await list(node, spare.accessToken)
      seen.add(status)
      return status === 401
    })
  }
  t.strictSame(
    [...seen].filter((status) => status !== 503),
    [401],
    'it was never let in again',
  )
  const another = await connect('owner@acme.test')
  t.teardown(() => another.client.close())
  await worksAgain(t, another)
  t.notMatch((await search('any', main.accessToken, title)).text, /prj_/, 'what was refused was not done')
  await (await listening(t)).hears('after NATS came back')
})

test('nobody waits for audit, killed in the middle of its work', async (t) => {
  const calls = Array.from({ length: 40 }, () => search('any'))
  await Promise.race(calls)
  await cluster.audit.kill()
  t.strictSame(exits.splice(0), ['audit: SIGKILL'])
  for (const answer of await Promise.all(calls)) t.equal(answer.status, 200)
  t.equal((await search('any')).status, 200)
  const away = await auditQuery()
  t.equal(away.status, 503)
  t.match(away.headers, { 'retry-after': /^\d+$/, 'content-type': /json/ })
  watchExit(await cluster.restart('audit'))
  t.equal((await auditQuery()).status, 200)
})

test('while auth is dead, and the bus is not, tokens are verified, for the grace alone; the new process goes on where the old one was', async (t) => {
  const spare = await connect('owner@acme.test')
  t.teardown(() => spare.client.close())
  await cluster.auth.kill()
  t.strictSame(exits.splice(0), ['auth: SIGKILL'])
  for (const node of cluster.mcp) {
    t.equal((await list(node)).status, 200)
    t.equal((await search(node)).status, 200)
    const key = await list(node, secrets.demoApiKey)
    t.equal(key.status, 503, 'a key that was not seen before cannot be judged')
    t.match(key.headers['retry-after'], /^\d+$/)
  }
  const refused = await refresh()
  t.equal(refused.status, 503)
  t.match(refused.headers['retry-after'], /^\d+$/)
  t.match(refused.json(), { error: 'temporarily_unavailable' })
  for (const node of cluster.mcp) {
    // Ticks come from auth: without it nobody tells of what was taken back, whether the bus is there or not.
    const before = new Set<number>()
    const closed = await eventually(EXPIRED_MS + BACK_MS, 'the grace to end', async () => {
      const answer = await list(node)
      if (answer.status === 503) return answer
      before.add(answer.status)
      // Who asks all the time is refused for that.
      await pause(ASK_AGAIN_MS)
      return undefined
    })
    t.ok(
      [...before].every((status) => status === 200),
      'until then it is believed',
    )
    t.match(closed, { headers: { 'retry-after': /^\d+$/ }, text: NOT_KNOWN_WHOSE })
  }
  watchExit(await cluster.restart('auth'))
  await worksAgain(t, spare)
  await eventually(BACK_MS, '401 after revocation', async () => (await list(first, spare.accessToken)).status === 401)
  t.equal((await list(first, secrets.demoApiKey)).status, 200)
})

test('after all of it the audit log has each call that was judged exactly once, refused ones too', async (t) => {
  t.strictSame(await missingCalls(), [])
  const ids = await loggedCalls()
  const counts = judgedCalls.map((id) => ids.filter((one) => one === id).length)
  t.ok(counts.length > 60)
  t.ok(counts.every((count) => count === 1))
  t.strictSame(exits, [], 'no process has ended that was not killed')
})

/** The calls that are not in the log, once it has had time to take them in. */
async function missingCalls(): Promise<readonly string[]> {
  let missing: readonly string[] = judgedCalls
  await eventually(BACK_MS, 'the log to be complete', async () => {
    const logged = new Set(await loggedCalls())
    missing = judgedCalls.filter((id) => !logged.has(id))
    return missing.length === 0
  }).catch(() => undefined)
  return missing
}

async function loggedCalls(): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const answer = await auditQuery(`limit=200${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    const page = answer.json() as { events: { requestId?: string }[]; nextCursor?: string }
    ids.push(...page.events.map(({ requestId = '' }) => requestId))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}
