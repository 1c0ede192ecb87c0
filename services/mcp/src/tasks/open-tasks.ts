import type { Rules } from '@gatehouse/policy'
import type { Recorder } from '../calls/record.ts'
import type { McpDeps, McpLimits } from '../deps.ts'
import type { Envelope } from '../protocol/envelope.ts'
import type { Registry } from '../registry/build.ts'
import { mcpSchema } from '../schema.ts'
import { createTaskRecords, createTaskRuns } from './run-call.ts'
import { createTasks, type Tasks } from './tasks.ts'

/** Of the five seconds that a drain has at most, three go to tools that must not run twice. */
const GRACE_MS = 3_000
const RECORD_MS = 60_000

/** The tasks of this node, as the deployment wants them. */
export function openTasks(
  deps: McpDeps,
  limits: McpLimits,
  parts: {
    readonly rules: Rules
    readonly registry: Registry
    readonly recorder: Recorder
    readonly envelope: Envelope
  },
): Tasks {
  const { rules, registry, recorder, envelope } = parts
  const { feed, db, host, clock, log, metrics, node, catalogs } = deps
  return createTasks({
    registry,
    rules,
    envelope,
    feed,
    db,
    host,
    clock,
    log,
    metrics,
    node,
    times: {
      ttlMs: limits.taskMs + limits.taskKeepMs,
      runMs: limits.taskMs,
      pollMs: limits.taskPollMs,
      leaseMs: limits.taskLeaseMs,
      graceMs: GRACE_MS,
      recordMs: RECORD_MS,
    },
    perNode: limits.tasksPerNode,
    perPrincipal: limits.tasksPerPrincipal,
    perTenant: limits.tasksPerTenant,
    runTool: createTaskRuns({ registry, rules, envelope, clock, runMs: limits.taskMs }),
    record: createTaskRecords({ clock, node, metrics }, recorder),
    claimSchemas: catalogs
      .filter(({ catalog }) => catalog.schema.role === mcpSchema.role)
      .map(({ catalog }) => catalog.schema.name),
  })
}
