import { sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { test, t as wholeFile } from 'tap'
import { mcpSchema } from '../schema.ts'
import { jobsCatalog, jobsOn, jobsSchema } from '../testing/jobs-catalog.ts'
import { openLegacy } from '../testing/legacy-client.ts'
import { listenOn, openListenWith } from '../testing/listening.ts'
import { openParts, openRig, type Rig } from '../testing/rig.ts'
import { legacy, META, modernRequest, post, type Wire } from '../testing/wire.ts'

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const EXTENSION = 'io.modelcontextprotocol/tasks'
const BOTH = { elicitation: {}, extensions: { [EXTENSION]: {} } }
const soon = <T>(probe: () => Promise<T>) => eventually(10_000, 'what the tasks are to do', probe)

const parts = await openParts()
await parts.host.migrate([jobsSchema])
const db = parts.host.as(mcpSchema.role)
const catalogs = [{ catalog: jobsCatalog, domain: jobsOn(db) }]
const a = await openRig(parts, { catalogs })
const b = await openRig(parts, { catalogs })
const token = await a.token()
wholeFile.teardown(async () => {
  await a.close()
  await b.close()
  await parts.close()
})

function request(method: string, params: Record<string, unknown>, capabilities: Record<string, unknown> = BOTH) {
  const { headers, body } = modernRequest(method, params)
  const named = typeof params.taskId === 'string' ? { 'mcp-name': params.taskId } : {}
  const meta = { ...META, [CAPABILITIES]: capabilities }
  return { headers: { ...headers, ...named }, body: { ...body, params: { ...params, _meta: meta } } }
}
async function send(
  rig: Rig,
  method: string,
  params: Record<string, unknown>,
  capabilities?: Record<string, unknown>,
  as = token,
): Promise<Wire> {
  const { headers, body } = request(method, params, capabilities)
  return post(rig, as, body, headers)
}
const call = (
  rig: Rig,
  name: string,
  given: unknown = {},
  more: Record<string, unknown> = {},
  capabilities = BOTH as Record<string, unknown>,
) => send(rig, 'tools/call', { name, arguments: given, ...more }, capabilities)
const get = async (rig: Rig, taskId: string) => (await send(rig, 'tasks/get', { taskId })).body.result
const until = (rig: Rig, taskId: string, status: string) =>
  soon(async () => {
    const task = await get(rig, taskId)
    return task.status === status && task
  })
const effects = (note: string) =>
  db.asPlatform(
    'test',
    async (tx) => (await tx.rows(sql`select 1 from jobs.runs where note = ${note} and phase = 'done'`)).length,
  )

test('the extension is offered to the stateless revision where a tool runs as a task, and only there [S-TK-01, S-TK-26, S-TK-28, S-VD-06]', async (t) => {
  const { result } = (await send(a, 'server/discover', {})).body
  t.strictSame(result.capabilities.extensions, { [EXTENSION]: {} })
  t.notOk('tasks' in result.capabilities)
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
  const old = await legacy(a, token, undefined, 'initialize', hello)
  t.notOk('extensions' in old.body.result.capabilities || 'tasks' in old.body.result.capabilities)
  for (const method of ['tasks/result', 'tasks/list']) {
    t.match(await send(a, method, {}), { status: 404, body: { error: { code: -32_601 } } })
  }
  const none = await openRig(parts)
  t.teardown(() => none.close())
  t.notOk('extensions' in (await send(none, 'server/discover', {})).body.result.capabilities)
  t.match(await send(none, 'tasks/get', { taskId: 'x' }), { status: 404, body: { error: { code: -32_601 } } })
})

test('a call becomes a task for who declares it on this request, as a flat handle [S-TK-02, S-TK-04, S-TK-05, S-TK-06, S-BP-04]', async (t) => {
  const { body } = await call(a, 'job_read', { note: 'wire', ms: 300 })
  const { _meta, ...handle } = body.result
  t.match(handle, { resultType: 'task', status: 'working', createdAt: /^\d{4}-.*Z$/, lastUpdatedAt: /^\d{4}-.*Z$/ })
  t.same(Object.keys(handle).sort(), [
    'createdAt',
    'lastUpdatedAt',
    'pollIntervalMs',
    'resultType',
    'status',
    'taskId',
    'ttlMs',
  ])
  t.ok(Number.isSafeInteger(handle.ttlMs) && handle.ttlMs > 0)
  t.match(await get(b, handle.taskId), { resultType: 'complete', status: 'working' })
  const done = await until(b, handle.taskId, 'completed')
  t.match(done.result, { content: [{ type: 'text' }], structuredContent: { note: 'wire' } })
  t.notMatch(JSON.stringify(done), /related-task|requestState/)
  const plain = await call(a, 'job_read', { note: 'now' }, {}, {})
  t.match(
    plain.body.result,
    { resultType: 'complete', structuredContent: { note: 'now' } },
    'whatever was declared before',
  )
  const asked = await call(a, 'job_erase', { what: 'x' }, { task: { ttl: 5 } }, {})
  t.match(asked.body.result, { resultType: 'complete' }, 'the legacy parameter means nothing')
})

test('what runs only as a task, and every method of tasks, needs the extension [S-TK-03, S-TK-11, S-SU-12, S-VD-07]', async (t) => {
  const missing = {
    status: 400,
    body: { error: { code: -32_021, data: { requiredCapabilities: { extensions: { [EXTENSION]: {} } } } } },
  }
  t.match(await call(a, 'job_fail', {}, {}, {}), missing)
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    t.match(await send(a, method, { taskId: 'gate-test', inputResponses: {} }, {}), missing, method)
  }
  t.match(await send(a, 'subscriptions/listen', { notifications: { taskIds: [] } }, {}), missing)
  t.match(await send(a, 'tasks/get', { taskId: 'nobody' }), { status: 200, body: { error: { code: -32_602 } } })
})

test('the name in the header has to be that of the task [S-TK-27, S-HV-07]', async (t) => {
  const { taskId } = (await call(a, 'job_read')).body.result
  const { headers, body } = request('tasks/get', { taskId })
  t.match(await post(b, token, body, { ...headers, 'mcp-name': 'other' }), {
    status: 400,
    body: { error: { code: -32_020 } },
  })
})

test('what is asked before a task is asked on the call, and is known inside it [S-TK-07]', async (t) => {
  const first = (await call(a, 'job_greet')).body.result
  t.match(first, { resultType: 'input_required', inputRequests: { name: { method: 'elicitation/create' } } })
  t.notOk('taskId' in first)
  const answered = {
    inputResponses: { name: { action: 'accept', content: { name: 'Alice' } } },
    requestState: first.requestState,
  }
  const { result } = (await call(b, 'job_greet', {}, answered)).body
  t.equal(result.resultType, 'task')
  t.notOk('requestState' in result || 'inputRequests' in result)
  t.match((await until(a, result.taskId, 'completed')).result.content, [{ text: 'Hello, Alice!' }])
})

test('neither a notice of cancellation nor the end of a connection stops a task [S-CX-06, S-CX-08]', async (t) => {
  const { headers, body } = request('tools/call', { name: 'job_read', arguments: { note: 'kept', ms: 400 } })
  const { taskId } = (await post(a, token, { ...body, id: 'begun' }, { ...headers, connection: 'close' })).body.result
  for (const requestId of ['begun', taskId]) {
    const params = { requestId, _meta: META }
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params }
    const named = { 'mcp-protocol-version': headers['mcp-protocol-version'], 'mcp-method': cancel.method }
    for (const node of [a, b]) t.equal((await post(node, token, cancel, named)).status, 202)
  }
  t.match((await until(b, taskId, 'completed')).result, { structuredContent: { note: 'kept' } })
  const { taskId: second } = (await call(a, 'job_read', { note: 'stopped', ms: 5_000 })).body.result
  t.equal((await send(b, 'tasks/cancel', { taskId: second })).status, 200)
  t.match(await until(a, second, 'cancelled'), { taskId: second }, 'its own method does')
})

test('a call is recorded once, when its task has ended, under the request that made it', async (t) => {
  const { taskId } = (await call(a, 'job_fail')).body.result
  await until(b, taskId, 'completed')
  const events = (await a.auditEvents()).filter(({ data }) => data.tool === 'job_fail' && data.reason === 'job.failed')
  t.equal(events.length, 1)
  t.match(events[0], { tenantid: 'acme', data: { outcome: 'failed', actor: { id: 'person1' }, node: a.node } })
})

test('streams on any node are told of the tasks they listen to, each as it is now, and of no progress [S-TK-21, S-TK-22, S-TK-24, S-PO-06]', async (t) => {
  const port = await listenOn(b)
  const { taskId } = (await call(a, 'job_ask', { note: 'told' })).body.result
  await until(a, taskId, 'input_required')
  const theirs = await openListenWith(
    port,
    await a.token({ sub: 'person2' }),
    request('subscriptions/listen', { notifications: { taskIds: [taskId] } }),
  )
  t.match(
    theirs.messages[0] ?? (await theirs.next(() => true)),
    { params: { notifications: { taskIds: [] } } },
    'not of others’',
  )
  const mine = await openListenWith(
    port,
    token,
    request('subscriptions/listen', { notifications: { taskIds: [taskId, 'unknown'] } }),
  )
  t.match(await mine.next(() => true), {
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { taskIds: [taskId] } },
  })
  const told = (status: string) =>
    mine.next(
      (message) =>
        message.method === 'notifications/tasks' && (message.params as { status?: string }).status === status,
      5_000,
    )
  const { _meta, ...asks } = (await told('input_required')).params as Record<string, unknown>
  t.strictSame(_meta, { 'io.modelcontextprotocol/subscriptionId': 1 })
  const { _meta: info, resultType, ...now } = await get(a, taskId)
  t.strictSame(asks, now, 'the same as tasks/get gives')
  const name = (value: string) => ({ action: 'accept', content: { name: value } })
  await send(a, 'tasks/update', { taskId, inputResponses: { first: name('Ada'), second: name('Bea') } })
  await told('input_required')
  await send(b, 'tasks/cancel', { taskId })
  await told('cancelled')
  t.notOk(mine.messages.some(({ method }) => method === 'notifications/progress' || method === 'notifications/message'))
  t.equal(theirs.messages.length, 1)
  for (const stream of [mine, theirs]) stream.leave()
})

test('a tool that asks for confirmation', async (t) => {
  const agree = async (rig: Rig, name: string, what: string, confirm = true) => {
    const { result } = (await call(rig, name, { what })).body
    const [key = ''] = Object.keys(result.inputRequests)
    t.match(result.inputRequests[key].params, { message: `Erase ${what}?` })
    const content = { action: 'accept', content: { confirm } }
    return { inputResponses: { [key]: content }, requestState: result.requestState }
  }

  await t.test(
    'runs after its person agreed, through any node, once: 50 uses of one agreement have one effect [S-MR-08]',
    async (t) => {
      const agreed = await agree(a, 'job_erase', 'one')
      const ends = await Promise.all(
        Array.from({ length: 50 }, (_, n) => call(n % 2 ? a : b, 'job_erase', { what: 'one' }, agreed)),
      )
      const done = ends.filter(({ body }) => body.result?.structuredContent?.erased === 'one')
      t.equal(done.length, 1)
      const told = ends.filter(
        ({ body }) => body.result?.isError === true && /used already/.test(body.result.content[0].text),
      )
      t.equal(told.length, 49, 'and the others are told')
      t.equal(await effects('one'), 1)
    },
  )

  await t.test(
    'and not for other arguments, another tool or another person, nor without having asked [S-MR-07, S-EL-09]',
    async (t) => {
      const agreed = await agree(a, 'job_erase', 'two')
      const refused = { body: { error: { code: -32_602 } } }
      t.match(await call(a, 'job_erase', { what: 'three' }, agreed), refused)
      t.match(await call(a, 'job_erase_later', { what: 'two' }, agreed), refused)
      const other = await a.token({ sub: 'person2' })
      t.match(
        await send(a, 'tools/call', { name: 'job_erase', arguments: { what: 'two' }, ...agreed }, BOTH, other),
        refused,
      )
      const { inputResponses } = agreed
      const unasked = await call(a, 'job_erase', { what: 'two' }, { inputResponses })
      t.match(unasked.body.result, { resultType: 'input_required' }, 'an answer that nothing asked for is none')
      t.same([await effects('two'), await effects('three')], [0, 0])
    },
  )

  await t.test('does nothing when its person does not agree, or cannot be asked [S-EL-07]', async (t) => {
    const no = await call(a, 'job_erase', { what: 'four' }, await agree(a, 'job_erase', 'four', false))
    t.match(no.body.result, { isError: true, content: [{ text: /did not agree/ }] })
    const { result } = (await call(a, 'job_erase', { what: 'four' })).body
    const [key = ''] = Object.keys(result.inputRequests)
    for (const action of ['decline', 'cancel']) {
      const answer = { inputResponses: { [key]: { action } }, requestState: result.requestState }
      t.match((await call(a, 'job_erase', { what: 'four' }, answer)).body.result, { isError: true }, action)
    }
    const mute = await call(a, 'job_erase', { what: 'four' }, {}, {})
    t.match(mute.body.result, { isError: true, content: [{ text: /does not declare elicitation/ }] })
    t.match(
      (await legacy(a, token, '2025-11-25', 'tools/call', { name: 'job_erase', arguments: { what: 'four' } })).body
        .result,
      {
        isError: true,
      },
    )
    t.equal(await effects('four'), 0)
  })

  await t.test(
    'may become a task then; of several tasks of one agreement one has the effect [S-MR-08, S-TK-07]',
    async (t) => {
      const agreed = await agree(a, 'job_erase_later', 'five')
      const begun = await Promise.all([a, b, a].map((rig) => call(rig, 'job_erase_later', { what: 'five' }, agreed)))
      const ends = await Promise.all(begun.map(({ body }) => until(b, body.result.taskId, 'completed')))
      t.equal(ends.filter(({ result }) => result.isError !== true).length, 1)
      t.equal(await effects('five'), 1)
    },
  )
})

test('a session asks its person in the call itself, and each agreement is good for its own call [S-MR-08, S-EL-07, S-TK-28, S-LK-01]', async (t) => {
  const client = await openLegacy(b, token)
  const erase = async (id: number, answer: unknown) => {
    const calling = await client.request(b, id, 'tools/call', { name: 'job_erase', arguments: { what: 'session' } })
    const question = await calling.next((event) => event.json?.method === 'elicitation/create')
    t.match(question.json.params, { message: 'Erase session?' })
    await client.post(b, { jsonrpc: '2.0', id: question.json.id, result: answer })
    return (await calling.next((event) => event.json?.id === id)).json.result
  }
  t.match(await erase(1, { action: 'decline' }), { isError: true })
  t.equal(await effects('session'), 0)
  t.match(await erase(2, { action: 'accept', content: { confirm: true } }), {
    structuredContent: { erased: 'session' },
  })
  t.match(await erase(3, { action: 'accept', content: { confirm: true } }), {
    structuredContent: { erased: 'session' },
  })
  t.equal(await effects('session'), 2)
  const plain = await client.request(b, 5, 'tools/call', {
    name: 'job_read',
    arguments: { note: 'old' },
    task: { ttl: 5 },
  })
  t.match(
    JSON.parse(await plain.body).result,
    { structuredContent: { note: 'old' } },
    'its own kind of tasks is not offered',
  )
  const refused = await client.request(b, 4, 'tools/call', { name: 'job_fail', arguments: {} })
  t.match(await refused.body, /This needs a client that declares extensions/)
})

test('a node that closes lets go of its tasks before its parts are closed [S-HS-05]', async (t) => {
  const c = await openRig(parts, { catalogs })
  const { taskId } = (await call(c, 'job_ask')).body.result
  await until(b, taskId, 'input_required')
  await c.close()
  await soon(async () => {
    const row = await db.asPlatform('test', (tx) =>
      tx.one<{ node: string }>(sql`select node from mcp.tasks where id = ${taskId}`),
    )
    return row.node !== c.node
  })
  t.match(await get(b, taskId), { status: 'input_required' })
  await send(b, 'tasks/cancel', { taskId })
})
