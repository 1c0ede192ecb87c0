import { randomBytes } from 'node:crypto'
import type { ClientFacts } from '@gatehouse/catalog'
import type { Principal } from '@gatehouse/policy'
import type { WireRequest } from '../calls/asker.ts'
import type { Revision } from '../protocol/revisions.ts'

/** The extension by which tool calls may run as tasks; client and server declare it. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled'

/** What a client sees of a task. */
export interface TaskView {
  readonly id: string
  readonly tenant: string
  readonly tool: string
  readonly status: TaskStatus
  readonly statusMessage: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly expiresAt: Date
  /** JSON text of the result (completed) or of the JSON-RPC error (failed). */
  readonly outcome: string | null
  /** What it waits for, by key; JSON text of each request. */
  readonly asked: Readonly<Record<string, string>>
}

export interface TaskName {
  readonly tenant: string
  readonly id: string
}

/** What a node needs to run a task: kept with it, so that any node can. */
export interface TaskCall {
  readonly given: unknown
  readonly principal: Principal
  readonly client: ClientFacts
  readonly revision: Revision
  readonly httpId: string
  readonly traceparent?: string
  /** What was answered before the call became a task, by key. */
  readonly answers: Readonly<Record<string, unknown>>
  readonly claim?: { readonly id: string; readonly expiresAt: Date }
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** A task as its node holds it. What it writes counts only while `fence` is the newest. */
export interface OwnedTask {
  readonly id: string
  readonly tenant: string
  readonly tool: string
  readonly fence: number
  readonly eventId: string
  readonly call: TaskCall
  readonly expiresAt: Date
  readonly cancelled: boolean
  /** Nothing lasting can have happened yet: the tool was waiting for answers. */
  readonly waiting: boolean
}

/** How a task ended. */
export type TaskEnd =
  | { readonly status: 'completed'; readonly resultJson: string }
  | {
      readonly status: 'failed'
      readonly error: { readonly code: number; readonly message: string; readonly data?: unknown }
      readonly message: string
    }
  | { readonly status: 'cancelled'; readonly message: string }

/** A question of the tool and, once it is there, the client's answer. */
export interface TaskInput {
  readonly key: string
  readonly name: string
  readonly request: WireRequest
  /** Absent: outstanding. */
  readonly response?: unknown
}

/** 192 random bits: nobody finds a task by guessing. */
export const newTaskId = (): string => randomBytes(24).toString('base64url')

export const isTaskId = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{32}$/.test(value)

export const isTerminal = (status: TaskStatus): boolean => status !== 'working' && status !== 'input_required'

/** Whether the client of this call takes a task for an answer. */
export const hasTasks = ({ capabilities }: ClientFacts): boolean => {
  const { extensions } = capabilities
  return typeof extensions === 'object' && extensions !== null && Object.hasOwn(extensions, TASKS_EXTENSION)
}

/** Members of a task, as JSON text without braces. `ended` and `asked` stand in a `DetailedTask` only. */
export function taskMembers(view: TaskView, pollMs: number): string {
  const common = {
    taskId: view.id,
    status: view.status,
    ...(view.statusMessage === null ? {} : { statusMessage: view.statusMessage }),
    createdAt: view.createdAt.toISOString(),
    lastUpdatedAt: view.updatedAt.toISOString(),
    ttlMs: view.expiresAt.getTime() - view.createdAt.getTime(),
    pollIntervalMs: pollMs,
  }
  return JSON.stringify(common).slice(1, -1)
}

/** A `DetailedTask`: with the result, the error, or what is outstanding (TASKS, Task Status). */
export function detailedMembers(view: TaskView, pollMs: number): string {
  const members = taskMembers(view, pollMs)
  switch (view.status) {
    case 'completed':
      return `${members},"result":${view.outcome ?? '{}'}`
    case 'failed':
      return `${members},"error":${view.outcome ?? '{}'}`
    case 'input_required': {
      const asked = Object.entries(view.asked).map(([key, request]) => `${JSON.stringify(key)}:${request}`)
      return `${members},"inputRequests":{${asked.join(',')}}`
    }
    default:
      return members
  }
}
