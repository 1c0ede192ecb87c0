import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { openDatabase, sql } from '@gatehouse/database'
import { eventually, postgres, spawnNode } from '@gatehouse/testkit'
import { test, t as wholeFile } from 'tap'
import { mcpSchema } from '../schema.ts'
import { jobsSchema } from '../testing/jobs-catalog.ts'
import { openTaskNode, PRINCIPAL, resultOf, TIMES } from '../testing/task-node.ts'
import { claims_sweep } from './claims.store.ts'
import { newTaskId, type OwnedTask } from './task.ts'
import {
  task_ask,
  task_end,
  task_insert,
  task_release,
  task_resume,
  tasks_renew,
  tasks_sweep,
  tasks_take,
} from './tasks.store.ts'

const { url } = await postgres(wholeFile)
const soon = <T>(probe: () => Promise<T>) => eventually(10_000, 'what the tasks are to do', probe)
const host = await openDatabase(url)
await host.migrate([mcpSchema, jobsSchema])
const db = host.as(mcpSchema.role)
const a = openTaskNode(host, 'node-a')
const b = openTaskNode(host, 'node-b')
wholeFile.teardown(async () => {
  await Promise.all([a.tasks.close(), b.tasks.close()])
  await host.close()
})
await soon(async () => {
  await Promise.all([a.tasks.check(), b.tasks.check()])
  return true
})

const runs = (note: string) =>
  db.asPlatform('test', (tx) => tx.rows(sql`select tool, phase from jobs.runs where note = ${note}`))
const rowOf = (id: string) =>
  db.asPlatform('test', (tx) => tx.one<{ node: string; fence: number }>(sql`select * from mcp.tasks where id = ${id}`))
const until = (node: typeof a, id: string, ...states: string[]) =>
  soon(async () => {
    const task = await node.get(id)
    return states.includes(task.status) && task
  })

test('a task is there for every node as soon as it has an id, and its result is read through any [S-TK-06, S-TK-08, S-TK-09, S-TK-17]', async (t) => {
  const id = await a.begin('job_read', { note: 'plain', ms: 200 })
  t.match(await b.get(id), { resultType: 'complete', taskId: id, status: 'working', ttlMs: TIMES.ttlMs })
  const done = await until(b, id, 'completed')
  t.match(done.result, { resultType: 'complete', structuredContent: { note: 'plain' } })
  t.notOk('requestState' in done || 'error' in done)
  const failed = await until(b, await a.begin('job_fail', {}), 'completed', 'failed')
  t.match(failed, { status: 'completed', result: { isError: true } }, 'a tool that failed is a task that completed')
  const crashed = await until(b, await a.begin('job_crash', {}), 'completed', 'failed')
  t.match(crashed, { status: 'failed', error: { code: -32_603 }, statusMessage: String })
  t.notMatch(JSON.stringify(crashed), /hunter2/)
  const called = a.events.filter((event) => (event.data as { argumentsSha256: string }).argumentsSha256 !== '')
  t.equal(new Set(called.map(({ id: event }) => event)).size, called.length, 'one event for each')
})

test('who did not begin it is told that there is none; who has not the extension is told first [S-TK-10, S-TK-11, S-TK-24, S-SB-09]', async (t) => {
  const id = await a.begin('job_read', { ms: 60_000 })
  const unknown = randomBytes(24).toString('base64url')
  for (const other of [{ subject: 'person2' }, { client: 'client2' }, { tenant: 'globex' }]) {
    for (const outcome of [
      await b.tasks.get({ taskId: id }, b.caller(other)),
      await b.update(id, {}, other),
      await b.cancel(id, other),
    ]) {
      t.match(outcome, { refused: { status: 200, code: -32_602 } }, JSON.stringify(other))
    }
  }
  for (const taskId of [unknown, 'x', '']) {
    t.match(await b.tasks.get({ taskId }, b.caller()), { refused: { code: -32_602 } })
    t.match(await b.update(taskId, {}), { refused: { code: -32_602 } })
    t.match(await b.cancel(taskId), { refused: { code: -32_602 } })
  }
  for (const method of [b.tasks.get, b.tasks.update, b.tasks.cancel]) {
    const refused = await method({ taskId: 'gate-test' }, b.caller({}, {}))
    t.match(refused, {
      refused: {
        status: 400,
        code: -32_021,
        data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
      },
    })
  }
  t.match(await b.get(id), { status: 'working' }, 'it goes on')
  await b.cancel(id)
})

test('what was allowed when it began is judged again when it is read [S-TK-24]', async (t) => {
  const id = await a.begin('job_write', { ms: 50 })
  await until(b, id, 'completed')
  t.match(await b.tasks.get({ taskId: id }, b.caller({ scopes: new Set(['notes:read']) })), {
    missing: ['notes:write'],
  })
  t.match(await b.tasks.get({ taskId: id }, b.caller({ roles: ['viewer'] })), { refused: { code: -32_602 } })
  t.match(await b.get(id), { status: 'completed' })
})

test('it asks, and is answered in parts through any node; keys are used once [S-TK-08, S-TK-12, S-TK-13, S-TK-14, S-TK-15]', async (t) => {
  const id = await a.begin('job_ask', { note: 'asked' })
  const asked = await until(b, id, 'input_required')
  t.same(Object.keys(asked.inputRequests), ['first', 'second'])
  t.match(asked.inputRequests.first, { method: 'elicitation/create', params: { message: 'Who first?' } })
  const name = (value: string) => ({ action: 'accept', content: { name: value, confirm: true } })
  t.match(resultOf(await b.update(id, { unknown: name('Eve') })), { resultType: 'complete' })
  t.match(await b.update(id, { first: { action: 'accept', content: {} } }), { refused: { code: -32_602 } })
  t.match(await b.update(id, { first: 5 }), { refused: { code: -32_602 } })
  t.match(await b.update(id, null), { refused: { code: -32_602 } })
  t.same(Object.keys((await b.get(id)).inputRequests), ['first', 'second'], 'what did not fit changed nothing')

  const acknowledged = resultOf(await b.update(id, { first: name('Ada') }))
  t.strictSame(Object.keys(acknowledged).sort(), ['_meta', 'resultType'])
  const half = await a.get(id)
  t.equal(half.status, 'input_required')
  t.same(Object.keys(half.inputRequests), ['second'], 'at once, on every node')
  await b.update(id, { first: name('Eve') })
  await b.update(id, { second: { action: 'decline' } })
  const third = await soon(async () => {
    const task = await b.get(id)
    return task.inputRequests?.third && task
  })
  t.same(Object.keys(third.inputRequests), ['third'])
  await a.update(id, { third: name('Grace') })
  const done = await until(b, id, 'completed')
  t.same(done.result.structuredContent, { names: ['Ada', 'decline', 'Grace'] })
  t.match(resultOf(await b.update(id, { third: name('Eve') })), { resultType: 'complete' }, 'an end is an end')
})

test('cancelling stops it on whichever node it runs, and may be repeated [S-TK-16]', async (t) => {
  const id = await a.begin('job_read', { note: 'stopped', ms: 60_000 })
  await soon(async () => (await runs('stopped')).length === 1)
  t.strictSame(Object.keys(resultOf(await b.cancel(id))).sort(), ['_meta', 'resultType'])
  t.match(await until(b, id, 'cancelled'), { status: 'cancelled', statusMessage: 'Cancelled.' })
  t.match(resultOf(await b.cancel(id)), { resultType: 'complete' })
  const waits = await a.begin('job_ask', {})
  await until(b, waits, 'input_required')
  await b.cancel(waits)
  t.notOk('inputRequests' in (await until(b, waits, 'cancelled')))
  const deaf = await a.begin('job_deaf', { note: 'deaf', ms: 3_000 })
  await soon(async () => (await runs('deaf')).length === 1)
  await b.cancel(deaf)
  t.match(await until(b, deaf, 'cancelled'), { statusMessage: /not known/ }, 'what does not listen is left to itself')
  const event = a.events.at(-1)?.data
  t.match(event, { tool: 'job_deaf', outcome: 'failed', reason: 'task.cancelled' })
})

test('a grant that is taken back, and a workspace that is closed, end what runs for them [S-TK-24]', async (t) => {
  const node = openTaskNode(host, 'node-c')
  t.teardown(() => node.tasks.close())
  const [one, other] = [
    await node.begin('job_read', { ms: 60_000 }),
    await node.begin('job_ask', {}, { grant: 'grant2' }),
  ]
  await until(b, other, 'input_required')
  node.feed.revoke('grant2')
  await until(b, other, 'cancelled')
  t.match(await b.get(one), { status: 'working' })
  node.feed.setTenant({ status: 'suspended' })
  await until(b, one, 'cancelled')
  t.match(
    node.events.map(({ data }) => (data as { reason: string }).reason),
    ['credential.revoked', 'credential.revoked'],
  )
})

test('no more run than the limits allow, however many begin at once', async (t) => {
  const node = openTaskNode(host, 'node-d', { perPrincipal: 5, perTenant: 8 })
  t.teardown(() => node.tasks.close())
  const begin = (subject: string) =>
    Promise.allSettled(Array.from({ length: 20 }, () => node.begin('job_ask', {}, { subject, tenant: 'globex' })))
  const count = (ends: PromiseSettledResult<string>[]) => ends.filter(({ status }) => status === 'fulfilled').length
  t.equal(count(await begin('p1')), 5)
  t.equal(count(await begin('p2')), 3)
})

test('a node that is killed: what does no harm twice runs elsewhere, the rest has failed, in bounded time [S-TK-29]', async (t) => {
  const main = fileURLToPath(new URL('../testing/task-node.main.ts', import.meta.url))
  const json = JSON.stringify
  const child = spawnNode(t, main, {}, [
    ...[url, 'node-k'],
    ...['job_read', json({ note: 'k-read', ms: 1_500 })],
    ...['job_write', json({ note: 'k-write', ms: 60_000 })],
    ...['job_ask', json({ note: 'k-ask' })],
  ])
  const idOf = async (tool: string) => (await child.ready(new RegExp(`begun ${tool} \\S+`))).split(' ').at(-1) as string
  const [read, write, ask] = [await idOf('job_read'), await idOf('job_write'), await idOf('job_ask')]
  await soon(async () => (await runs('k-write')).length === 1 && (await runs('k-read')).length >= 1)
  await until(a, ask, 'input_required')
  await a.update(ask, { first: { action: 'accept', content: { name: 'Ada' } } })
  const killed = Date.now()
  child.kill('SIGKILL')
  await child.ended

  const failed = await until(a, write, 'failed')
  t.ok(Date.now() - killed < 10_000, `within ${Date.now() - killed} ms`)
  t.match(failed, { error: { code: -32_603 }, statusMessage: /lost.*not known/ })
  t.same(await runs('k-write'), [{ tool: 'job_write', phase: 'begun' }], 'it ran once')
  t.match(await until(a, read, 'completed'), { result: { structuredContent: { note: 'k-read' } } })
  t.equal((await runs('k-read')).filter(({ phase }) => phase === 'begun').length, 2)

  t.same(Object.keys((await a.get(ask)).inputRequests), ['second'], 'an answer that was given is kept')
  await a.update(ask, { second: { action: 'accept', content: { name: 'Bea' } } })
  await soon(async () => (await a.get(ask)).inputRequests?.third !== undefined)
  await b.update(ask, { third: { action: 'cancel' } })
  t.same((await until(a, ask, 'completed')).result.structuredContent, { names: ['Ada', 'Bea', 'cancel'] })
  const recorded = [...a.events, ...b.events].map(({ data }) => data as { tool: string; reason?: string })
  t.equal(recorded.filter(({ tool, reason }) => tool === 'job_write' && reason === 'node.lost').length, 1)
})

test('a node that was only paused cannot overwrite what the new owner wrote [S-TK-29]', async (t) => {
  const main = fileURLToPath(new URL('../testing/task-node.main.ts', import.meta.url))
  const child = spawnNode(t, main, {}, [url, 'node-p', 'job_deaf', JSON.stringify({ note: 'paused', ms: 2_000 })])
  const id = (await child.ready(/begun job_deaf \S+/)).split(' ').at(-1) as string
  await soon(async () => (await runs('paused')).length === 1)
  process.kill(child.pid, 'SIGSTOP')
  const failed = await until(a, id, 'failed')
  process.kill(child.pid, 'SIGCONT')
  await soon(async () => (await runs('paused')).length === 2)
  t.strictSame(await a.get(id), failed)
  await child.stop()
  t.strictSame(await a.get(id), failed)
})

test('what an earlier owner writes is not taken [S-TK-29]', async (t) => {
  const call = { given: {}, principal: PRINCIPAL, client: { capabilities: {} }, answers: {}, startedAt: 0, httpId: 'r' }
  const id = newTaskId()
  const task = { id, tool: 'job_write', node: 'gone', call: { ...call, revision: '2026-07-28' as const } }
  // Nobody else is to take it before it is taken here: one transaction.
  await db.asTenant('acme', async (tx) => {
    const made = await task_insert(tx, task, { ttlMs: 60_000, leaseMs: 60_000 }, { perPrincipal: 99, perTenant: 99 })
    if (typeof made === 'string') throw new Error(made)
    const earlier = made.task
    t.equal(await task_resume(tx, earlier), true)
    await tx.run(sql`update mcp.tasks set lease_until = now() - interval '1 s' where id = ${id}`)
    const [later] = await tasks_take(tx, 'node-x', 60_000, 1)
    t.match(later, { id, fence: 2 })
    const end = { status: 'completed', resultJson: '{}' } as const
    t.equal(await task_end(tx, earlier, end), false)
    t.equal(await task_ask(tx, earlier, []), false)
    t.equal(await task_resume(tx, earlier), false)
    t.same(await tasks_renew(tx, [earlier], 60_000), [])
    await task_release(tx, earlier)
    t.same((await tasks_renew(tx, [later as OwnedTask], 60_000)).length, 1)
    await task_release(tx, later as OwnedTask)
    t.same(await tasks_renew(tx, [later as OwnedTask], 60_000), [], 'what was let go of is not held on to')
    t.equal(await task_end(tx, later as OwnedTask, end), false)
    const [last] = await tasks_take(tx, 'node-y', 60_000, 1)
    t.equal(await task_end(tx, last as OwnedTask, end), true)
    t.equal(await task_end(tx, last as OwnedTask, end), false, 'an end is an end')
  })
})

test('a node that stops hands its tasks over [S-TK-29]', async (t) => {
  const node = openTaskNode(host, 'node-s')
  const read = await node.begin('job_read', { note: 'handed', ms: 1_000 })
  const ask = await node.begin('job_ask', { note: 'handed' })
  const write = await node.begin('job_write', { note: 'short', ms: 100 })
  const long = await node.begin('job_write', { note: 'long', ms: 60_000 })
  await until(a, ask, 'input_required')
  await soon(async () => (await runs('long')).length === 1 && (await runs('handed')).length > 0)
  await node.tasks.close()
  t.match(await a.get(write), { status: 'completed' }, 'what could end did')
  t.match(await a.get(long), { status: 'failed', error: { code: -32_603 } })
  await soon(async () => (await rowOf(ask)).node !== 'node-s')
  await until(a, read, 'completed')
  t.match(await a.get(ask), { status: 'input_required', inputRequests: { first: {} } })
  await a.cancel(ask)
  await t.rejects(node.begin('job_read', {}), /tasks.exceeded/, 'it begins nothing any more')
})

test('it can be read until its time is over, and is gone afterwards; what has not ended by its deadline fails [S-TK-19, S-TK-29]', async (t) => {
  const node = openTaskNode(host, 'node-t', { times: { ...TIMES, ttlMs: 2_500, runMs: 500 } })
  t.teardown(() => node.tasks.close())
  const [done, late] = [await node.begin('job_read', {}), await node.begin('job_read', { ms: 60_000 })]
  const { createdAt } = await until(b, done, 'completed')
  t.match(await until(b, late, 'failed'), { error: { code: -32_603 }, statusMessage: /in its time/ })
  const rest = Date.parse(createdAt) + 2_000 - Date.now()
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)))
  t.match(await b.get(done), { status: 'completed' })
  await soon(async () => (await b.get(done)).refused?.code === -32_602)
})

test('rows of one tenant are not seen by another', async (t) => {
  const id = await a.begin('job_ask', {})
  await until(a, id, 'input_required')
  const seen = (tenant: string) =>
    db.asTenant(tenant, async (tx) => [
      (await tx.rows(sql`select id from mcp.tasks where id = ${id}`)).length,
      (await tx.rows(sql`select key from mcp.task_inputs where task_id = ${id}`)).length,
    ])
  t.same(await seen('globex'), [0, 0])
  t.same(await seen('acme'), [1, 2])
  await a.cancel(id)
})

test('what has expired is deleted in small steps: tasks that have ended, and uses of confirmations', async (t) => {
  const [ended, kept] = [await a.begin('job_read', {}), await a.begin('job_read', {})]
  await Promise.all([until(a, ended, 'completed'), until(a, kept, 'completed')])
  const open = await a.begin('job_ask', {})
  await until(a, open, 'input_required')
  await db.asPlatform('test', async (tx) => {
    await tx.run(sql`update mcp.tasks set expires_at = now() - interval '1 s' where id in (${ended}, ${open})`)
    await tx.run(sql`delete from mcp.tasks where id not in (${ended}, ${open}, ${kept}) and lease_until is null`)
    await tx.run(sql`insert into jobs.claims (tenant_id, id, expires_at)
      select 'acme', n::text, now() - interval '1 s' from generate_series(1, 3) n`)
    await tx.run(
      sql`insert into jobs.claims (tenant_id, id, expires_at) values ('acme', 'new', now() + interval '1 h')`,
    )
    t.same([await tasks_sweep(tx, 5), await tasks_sweep(tx, 5)], [1, 0], 'one that still runs has its end told first')
    t.same(
      [await claims_sweep(tx, 'jobs', 2), await claims_sweep(tx, 'jobs', 2), await claims_sweep(tx, 'jobs', 2)],
      [2, 1, 0],
    )
    t.equal(await claims_sweep(tx, 'nowhere', 2), 0, 'a catalog without claims')
  })
  t.match(await a.get(kept), { status: 'completed' })
})
