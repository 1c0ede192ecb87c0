import { sql, type Tx } from '@gatehouse/database'
import type { OwnedTask, TaskCall, TaskEnd, TaskInput, TaskView } from './task.ts'

/** Told at each change, `<tenant> <task>`, to every node. */
export const TASKS_CHANNEL = 'mcp_tasks'

/** Whose tasks a caller may see: those that the same person, key or service began through the same client. */
export interface Holder {
  readonly tenant: string
  readonly subject: string
  readonly client: string | undefined
}

export interface TaskLimits {
  readonly perPrincipal: number
  readonly perTenant: number
}

const view = sql`
  t.id, t.tenant, t.tool, t.status, t.status_message as "statusMessage", t.created_at as "createdAt", t.updated_at as "updatedAt",
  t.expires_at as "expiresAt", t.outcome,
  coalesce((
    select json_object_agg(i.key, i.request order by i.number)
    from mcp.task_inputs i where i.task_id = t.id and i.response is null and t.status = 'input_required'
  ), '{}') as asked`

const mine = ({ tenant, subject, client }: Holder) =>
  sql`t.tenant = ${tenant} and t.subject = ${subject} and t.client is not distinct from ${client ?? null}`

const notify = (tx: Tx, task: { readonly tenant: string; readonly id: string }): Promise<number> =>
  tx.run(sql`select pg_notify(${TASKS_CHANNEL}, ${`${task.tenant} ${task.id}`})`)

interface OwnedRow {
  readonly id: string
  readonly tenant: string
  readonly tool: string
  readonly fence: number
  readonly eventId: string
  readonly call: string
  readonly expiresAt: Date
  readonly cancelled: boolean
  readonly waiting: boolean
}

const owned = sql`
  id, tenant, tool, fence, event_id as "eventId", call, expires_at as "expiresAt", cancelled_at is not null as cancelled, waiting`

const openOwned = ({ call, ...row }: OwnedRow): OwnedTask => ({ ...row, call: openCall(call) })

/** A set does not survive JSON, nor does a date. */
export const sealCall = (call: TaskCall): string =>
  JSON.stringify({ ...call, principal: { ...call.principal, scopes: [...call.principal.scopes] } })

function openCall(text: string): TaskCall {
  const call = JSON.parse(text)
  return {
    ...call,
    principal: { ...call.principal, scopes: new Set(call.principal.scopes) },
    ...(call.claim === undefined ? {} : { claim: { ...call.claim, expiresAt: new Date(call.claim.expiresAt) } }),
  }
}

/**
 * Makes a task, leased to `node`, unless the limits are reached. Who makes tasks of one tenant waits for one another, so that the
 * count holds.
 */
export async function task_insert(
  tx: Tx,
  task: { readonly id: string; readonly tool: string; readonly call: TaskCall; readonly node: string },
  times: { readonly ttlMs: number; readonly leaseMs: number },
  limits: TaskLimits,
): Promise<{ readonly task: OwnedTask; readonly view: TaskView } | 'principal-full' | 'tenant-full'> {
  const { tenant, subject, client } = task.call.principal
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`mcp.tasks ${tenant}`}, 0))`)
  const open = await tx.one<{ all: bigint; own: bigint }>(sql`
    select count(*) as all, count(*) filter (where subject = ${subject}) as own
    from mcp.tasks where tenant = ${tenant} and lease_until is not null`)
  if (open.own >= limits.perPrincipal) return 'principal-full'
  if (open.all >= limits.perTenant) return 'tenant-full'
  const row = await tx.one<OwnedRow & Pick<TaskView, 'createdAt' | 'updatedAt'>>(sql`
    insert into mcp.tasks (id, tenant, subject, client, tool, call, node, expires_at, lease_until)
    values (${task.id}, ${tenant}, ${subject}, ${client ?? null}, ${task.tool}, ${sealCall(task.call)}, ${task.node},
      now() + ${times.ttlMs} * interval '1 ms', now() + ${times.leaseMs} * interval '1 ms')
    returning ${owned}, created_at as "createdAt", updated_at as "updatedAt"`)
  const { createdAt, updatedAt, ...rest } = row
  const { id, tool, expiresAt } = row
  return {
    task: openOwned(rest),
    view: {
      id,
      tenant,
      tool,
      status: 'working',
      statusMessage: null,
      createdAt,
      updatedAt,
      expiresAt,
      outcome: null,
      asked: {},
    },
  }
}

export const task_get = (tx: Tx, holder: Holder, id: string): Promise<TaskView | undefined> =>
  tx.maybe(sql`select ${view} from mcp.tasks t where t.id = ${id} and ${mine(holder)} and t.expires_at > now()`)

/** For streams that were granted earlier: by id alone. */
export const tasks_list = (tx: Tx, ids: readonly string[]): Promise<TaskView[]> =>
  tx.rows(sql`select ${view} from mcp.tasks t where t.id = any(${ids}::text[]) and t.expires_at > now()`)

export const tasks_held = async (tx: Tx, holder: Holder, ids: readonly string[]): Promise<readonly string[]> => {
  const rows = await tx.rows<{ id: string }>(
    sql`select t.id from mcp.tasks t where t.id = any(${ids}::text[]) and ${mine(holder)} and t.expires_at > now()`,
  )
  return rows.map(({ id }) => id)
}

/** Asks for its end. Nothing for a task that has ended. */
export async function task_cancel(tx: Tx, holder: Holder, id: string): Promise<void> {
  const asked = await tx.run(sql`
    update mcp.tasks t set cancelled_at = now()
    where t.id = ${id} and ${mine(holder)} and t.lease_until is not null and t.cancelled_at is null`)
  if (asked > 0) await notify(tx, { tenant: holder.tenant, id })
}

/** The row, held until the transaction ends. */
export const task_lock = (tx: Tx, holder: Holder, id: string): Promise<{ status: string; tool: string } | undefined> =>
  tx.maybe(sql`
    select t.status, t.tool from mcp.tasks t where t.id = ${id} and ${mine(holder)} and t.expires_at > now() for update`)

const openInput = (row: { key: string; name: string; request: string; response: string | null }): TaskInput => ({
  key: row.key,
  name: row.name,
  request: JSON.parse(row.request),
  ...(row.response === null ? {} : { response: JSON.parse(row.response) }),
})

export async function inputs_list(tx: Tx, id: string): Promise<readonly TaskInput[]> {
  const rows = await tx.rows<{ key: string; name: string; request: string; response: string | null }>(
    sql`select key, name, request, response from mcp.task_inputs where task_id = ${id} order by number`,
  )
  return rows.map(openInput)
}

/** Stores answers to what is outstanding; the last one lets the task work again. The caller holds the row. */
export async function inputs_answer(
  tx: Tx,
  task: { readonly tenant: string; readonly id: string },
  answers: ReadonlyMap<string, unknown>,
): Promise<void> {
  let stored = 0
  for (const [key, answer] of answers) {
    stored += await tx.run(sql`
      update mcp.task_inputs set response = ${JSON.stringify(answer)}
      where task_id = ${task.id} and key = ${key} and response is null`)
  }
  if (stored === 0) return
  await tx.run(sql`
    update mcp.tasks t set updated_at = now(), status = case when exists (
      select from mcp.task_inputs i where i.task_id = t.id and i.response is null) then 'input_required' else 'working' end
    where id = ${task.id} and status = 'input_required'`)
  await notify(tx, task)
}

/** Whose writes count: the node that has the newest fence, while the task has not ended and was not let go of. */
const fenced = ({ id, fence }: Pick<OwnedTask, 'id' | 'fence'>) =>
  sql`id = ${id} and fence = ${fence} and lease_until > '-infinity'`

/** Puts questions to the client. `false`: the task is another node's by now. */
export async function task_ask(tx: Tx, task: OwnedTask, inputs: readonly TaskInput[]): Promise<boolean> {
  const held = await tx.run(
    sql`update mcp.tasks set status = 'input_required', waiting = true, updated_at = now() where ${fenced(task)}`,
  )
  if (held === 0) return false
  for (const { key, name, request } of inputs) {
    await tx.run(sql`
      insert into mcp.task_inputs (task_id, tenant, key, name, number, request)
      select ${task.id}, ${task.tenant}, ${key}, ${name}, count(*), ${JSON.stringify(request)}
      from mcp.task_inputs where task_id = ${task.id}`)
  }
  await notify(tx, task)
  return true
}

/** The tool goes on: from now on its effects may be there. `false`: the task is another node's by now. */
export const task_resume = async (tx: Tx, task: OwnedTask): Promise<boolean> =>
  (await tx.run(sql`update mcp.tasks set waiting = false where ${fenced(task)}`)) > 0

/** `false`: another node has the task, or ended it; nothing was written. */
export async function task_end(tx: Tx, task: OwnedTask, end: TaskEnd): Promise<boolean> {
  const outcome =
    end.status === 'completed' ? end.resultJson : end.status === 'failed' ? JSON.stringify(end.error) : null
  const message = end.status === 'completed' ? null : end.message
  const ended = await tx.run(sql`
    update mcp.tasks set status = ${end.status}, outcome = ${outcome}, status_message = ${message}, updated_at = now(),
      call = null, lease_until = null, waiting = false
    where ${fenced(task)}`)
  if (ended === 0) return false
  await tx.run(sql`delete from mcp.task_inputs where task_id = ${task.id}`)
  await notify(tx, task)
  return true
}

/** Renews the leases of a node's tasks. What does not come back is another's by now. */
export const tasks_renew = (
  tx: Tx,
  held: readonly Pick<OwnedTask, 'id' | 'fence'>[],
  leaseMs: number,
): Promise<{ id: string; fence: number; cancelled: boolean }[]> =>
  tx.rows(sql`
    update mcp.tasks t set lease_until = now() + ${leaseMs} * interval '1 ms'
    from unnest(${held.map(({ id }) => id)}::text[], ${held.map(({ fence }) => fence)}::integer[]) as held (id, fence)
    where t.id = held.id and t.fence = held.fence and t.lease_until > '-infinity'
    returning t.id, t.fence, t.cancelled_at is not null as cancelled`)

/** Takes tasks whose leases have run out, a few at a time; several nodes never take the same one. */
export async function tasks_take(tx: Tx, node: string, leaseMs: number, most: number): Promise<readonly OwnedTask[]> {
  const rows = await tx.rows<OwnedRow>(sql`
    update mcp.tasks set node = ${node}, fence = fence + 1, lease_until = now() + ${leaseMs} * interval '1 ms'
    where id in (
      select id from mcp.tasks where lease_until < now() order by lease_until limit ${most} for update skip locked
    )
    returning ${owned}`)
  return rows.map(openOwned)
}

/** Lets go of a task, so that another node takes it at once; a renewal that was on its way comes too late. */
export async function task_release(tx: Tx, task: OwnedTask): Promise<void> {
  const released = await tx.run(sql`update mcp.tasks set lease_until = '-infinity' where ${fenced(task)}`)
  if (released > 0) await tx.run(sql`select pg_notify(${TASKS_CHANNEL}, 'free')`)
}

/** Deletes what nobody may read any more; how many those were. */
export const tasks_sweep = (tx: Tx, most: number): Promise<number> =>
  tx.run(sql`
    delete from mcp.tasks where id in (
      select id from mcp.tasks where expires_at < now() and lease_until is null
      order by expires_at limit ${most} for update skip locked)`)
