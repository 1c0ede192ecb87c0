import { type CloudEvent, type Revocation, systemClock } from '@gatehouse/contracts'
import type { DatabaseHost } from '@gatehouse/database'
import type { Principal, TenantPolicy } from '@gatehouse/policy'
import { rulesOf } from '@gatehouse/profiles'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import { NO_ASKER } from '../calls/asker.ts'
import { NO_CHANNEL } from '../calls/channel.ts'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { createEnvelope } from '../protocol/envelope.ts'
import { buildRegistry } from '../registry/build.ts'
import { mcpSchema } from '../schema.ts'
import { createTaskRecords, createTaskRuns } from '../tasks/run-call.ts'
import { TASKS_EXTENSION } from '../tasks/task.ts'
import { createTasks, type TaskDeps, type Tasks } from '../tasks/tasks.ts'
import { jobsCatalog, jobsOn } from './jobs-catalog.ts'
import { PROFILE } from './rig.ts'

const TENANT: TenantPolicy = {
  tenant: 'acme',
  slug: 'acme',
  name: 'Acme',
  plan: 'business',
  status: 'active',
  mcp: true,
}

export const PRINCIPAL: Principal = {
  tenant: 'acme',
  kind: 'person',
  subject: 'person1',
  client: 'client1',
  scopes: new Set(['notes:read', 'notes:write']),
  roles: ['owner'],
  grant: 'grant1',
  credential: 'oauth',
  credentialId: 'jti1',
  issuedAt: 1_700_000_000,
  expiresAt: 4_000_000_000,
}

/** A feed that the test writes. */
export interface WrittenFeed extends FeedView {
  /** Grants that were taken back. */
  revoke(grant: string): void
  setTenant(over: Partial<TenantPolicy>): void
}

export function writtenFeed(): WrittenFeed {
  const grants = new Set<string>()
  const revoked: ((revocation: Revocation) => void)[] = []
  const changed: ((tenant: TenantPolicy) => void)[] = []
  let tenant = TENANT
  return {
    revoked: ({ grant }) => grant !== undefined && grants.has(grant),
    current: (principal) => principal,
    tenant: (id) => ({ ...tenant, tenant: id }),
    tenantBySlug: () => tenant,
    freshness: () => 'fresh',
    onRevocation(heard) {
      revoked.push(heard)
      return () => undefined
    },
    onTenant(heard) {
      changed.push(heard)
      return () => undefined
    },
    revoke(grant) {
      grants.add(grant)
      for (const heard of revoked) heard({ kind: 'grant', grant, at: 0, reason: 'a test' })
    },
    setTenant(over) {
      tenant = { ...TENANT, ...over }
      for (const heard of changed) heard(tenant)
    },
  }
}

export interface TaskNode {
  readonly tasks: Tasks
  readonly feed: WrittenFeed
  readonly events: readonly CloudEvent[]
  caller(over?: Partial<Principal>, capabilities?: Record<string, unknown>): Caller
  /** Begins a task; its id. @throws when none was begun */
  begin(tool: string, given: unknown, over?: Partial<Principal>): Promise<string>
  // biome-ignore lint/suspicious/noExplicitAny: a result as it goes over the wire; tests look into it
  get(id: string, over?: Partial<Principal>): Promise<any>
  update(id: string, inputResponses: unknown, over?: Partial<Principal>): Promise<Outcome>
  cancel(id: string, over?: Partial<Principal>): Promise<Outcome>
}

export const TIMES = { ttlMs: 60_000, runMs: 50_000, pollMs: 100, leaseMs: 1_500, graceMs: 300, recordMs: 1_000 }

const DECLARED = { elicitation: {}, extensions: { [TASKS_EXTENSION]: {} } }

/** The tasks of one node over a database that it shares with others; what is beside them is written by the test. */
export function openTaskNode(host: DatabaseHost, node: string, over: Partial<TaskDeps> = {}): TaskNode {
  const rules = rulesOf(PROFILE)
  const envelope = createEnvelope(PROFILE)
  const registry = buildRegistry(PROFILE, [{ catalog: jobsCatalog, domain: jobsOn(host.as(mcpSchema.role)) }])
  const feed = writtenFeed()
  const events: CloudEvent[] = []
  const clock = systemClock
  const record = async (event: CloudEvent): Promise<boolean> => {
    events.push(event)
    return true
  }
  const times = over.times ?? TIMES
  const metrics = createMetrics({ process: false })
  const tasks = createTasks({
    registry,
    rules,
    envelope,
    feed,
    db: host.as(mcpSchema.role),
    host,
    clock,
    log: silentLogger,
    metrics,
    node,
    times,
    perNode: 100,
    perPrincipal: 50,
    perTenant: 100,
    runTool: createTaskRuns({ registry, rules, envelope, clock, runMs: times.runMs }),
    record: createTaskRecords({ clock, node, metrics }, { record }),
    claimSchemas: ['jobs'],
    ...over,
  })
  const caller: TaskNode['caller'] = (principal = {}, capabilities = DECLARED) => ({
    principal: { ...PRINCIPAL, ...principal },
    tenant: { ...TENANT, tenant: principal.tenant ?? TENANT.tenant },
    revision: '2026-07-28',
    httpId: 'request1',
    log: silentLogger,
    client: { capabilities },
    channel: NO_CHANNEL,
    asker: NO_ASKER,
  })
  return {
    tasks,
    feed,
    events,
    caller,
    async begin(tool, given, principal) {
      const registered = registry.tools.get(tool)
      if (registered === undefined) throw new Error(`no tool ${tool}`)
      const begun = await tasks.begin({
        registered,
        given,
        caller: caller(principal),
        answers: {},
        startedAt: clock.now(),
      })
      if (begun.kind !== 'begun') throw new Error(begun.reason)
      return resultOf(begun.answer).taskId
    },
    get: async (taskId, principal) => resultOf(await tasks.get({ taskId }, caller(principal))),
    update: (taskId, inputResponses, principal) => tasks.update({ taskId, inputResponses }, caller(principal)),
    cancel: (taskId, principal) => tasks.cancel({ taskId }, caller(principal)),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as above
export function resultOf(outcome: Outcome): any {
  if (outcome.kind === 'result') return JSON.parse(outcome.json.toString())
  return outcome.kind === 'refused' ? { refused: outcome.refused } : { scope: outcome.missing }
}
