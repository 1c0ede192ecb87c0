import { type Database, DatabaseUnavailable } from '@gatehouse/database'
import type { Principal, Rules } from '@gatehouse/policy'
import { AnswerInvalid, CapabilityMissing } from '../calls/asker.ts'
import { capabilityMissing } from '../calls/asking.ts'
import { refusalFor } from '../calls/judged.ts'
import { type Caller, type Outcome, refusedWith } from '../calls/outcome.ts'
import { CODES, unavailable } from '../errors.ts'
import { isObject, type Params } from '../protocol/classify.ts'
import type { Envelope } from '../protocol/envelope.ts'
import type { Registry } from '../registry/build.ts'
import { judgeAnswers } from './judge-answers.ts'
import { detailedMembers, hasTasks, isTaskId, TASKS_EXTENSION } from './task.ts'
import { type Holder, inputs_answer, inputs_list, task_cancel, task_get, task_lock } from './tasks.store.ts'

export interface MethodDeps {
  readonly db: Database
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly pollMs: number
}

type Method = (params: Params, caller: Caller) => Promise<Outcome>

export interface TaskMethods {
  readonly get: Method
  readonly update: Method
  readonly cancel: Method
}

export const holderOf = ({ tenant, subject, client }: Principal): Holder => ({ tenant, subject, client })

/** What a client without the extension is told, before anything else is looked at. */
export const tasksMissing = (caller: Pick<Caller, 'revision'>): Outcome =>
  capabilityMissing(caller, new CapabilityMissing({ extensions: { [TASKS_EXTENSION]: {} } }))

/** `tasks/get`, `tasks/update`, `tasks/cancel`, on any node. A task of somebody else looks like one that is not there. */
export function createTaskMethods(deps: MethodDeps): TaskMethods {
  const { db, envelope } = deps
  const acknowledged = ({ revision }: Caller): Outcome => ({ kind: 'result', json: envelope.result(revision, '') })

  return {
    get: asked(async (id, _params, caller) => {
      const { principal, revision } = caller
      const view = await db.asTenant(principal.tenant, (tx) => task_get(tx, holderOf(principal), id))
      if (view === undefined) return notFound()
      return (
        refusedFor(deps, view.tool, caller) ?? {
          kind: 'result',
          json: envelope.result(revision, detailedMembers(view, deps.pollMs)),
        }
      )
    }),

    update: asked(async (id, params, caller) => {
      const { principal } = caller
      const given = params.inputResponses
      if (!isObject(given)) return refusedWith(CODES.invalidParams, 'params.inputResponses must be an object.')
      return db.asTenant(principal.tenant, async (tx) => {
        const task = await task_lock(tx, holderOf(principal), id)
        if (task === undefined) return notFound()
        const refused = refusedFor(deps, task.tool, caller)
        if (refused !== undefined || task.status !== 'input_required') return refused ?? acknowledged(caller)
        const answers = judgeAnswers(await inputs_list(tx, id), given)
        if (answers.size > 0) await inputs_answer(tx, { tenant: principal.tenant, id }, answers)
        return acknowledged(caller)
      })
    }),

    // Who may no longer run the tool may still stop what they began.
    cancel: asked(async (id, _params, caller) => {
      const { principal } = caller
      return db.asTenant(principal.tenant, async (tx) => {
        const holder = holderOf(principal)
        if ((await task_get(tx, holder, id)) === undefined) return notFound()
        await task_cancel(tx, holder, id)
        return acknowledged(caller)
      })
    }),
  }
}

/** What all three have in common: the extension first, then the id. */
function asked(method: (id: string, params: Params, caller: Caller) => Promise<Outcome>): Method {
  return async (params, caller) => {
    if (!hasTasks(caller.client)) return tasksMissing(caller)
    const { taskId } = params
    if (typeof taskId !== 'string') return refusedWith(CODES.invalidParams, 'params.taskId must be a string.')
    if (!isTaskId(taskId)) return notFound()
    try {
      return await method(taskId, params, caller)
    } catch (error) {
      if (error instanceof AnswerInvalid) return refusedWith(CODES.invalidParams, error.message)
      if (!(error instanceof DatabaseUnavailable)) throw error
      caller.log.warn({ err: error }, 'the database is away')
      return { kind: 'refused', refused: unavailable('Tasks cannot be reached at the moment. Try again.') }
    }
  }
}

const notFound = (): Outcome => refusedWith(CODES.invalidParams, 'There is no such task, or no longer.')

/** What was allowed when the call was made is judged again: its result is no more readable than a new call would be. */
function refusedFor({ registry, rules }: MethodDeps, tool: string, caller: Caller): Outcome | undefined {
  const registered = registry.tools.get(tool)
  if (registered === undefined) return notFound()
  return refusalFor(registered.requirement, caller, rules)
}
