import { CODES } from '../errors.ts'
import type { OwnedTask, TaskEnd } from './task.ts'

/** Nodes that a task may have had. One that ends each of them must not go on to the next for ever. */
export const MOST_OWNERS = 5

export type OrphanVerdict =
  | { readonly kind: 'run' }
  | { readonly kind: 'end'; readonly end: TaskEnd; readonly reason: string }

/**
 * What becomes of a task whose node let go of it or died. Only what does no harm twice is begun again: tools that say so, and those that
 * were waiting for an answer, since nothing lasting happens before the last one.
 */
export function judgeOrphan(
  task: Pick<OwnedTask, 'cancelled' | 'waiting' | 'fence'>,
  tool: { readonly effect: string; readonly idempotent?: boolean | undefined } | undefined,
  now: { readonly late: boolean },
): OrphanVerdict {
  if (task.cancelled) {
    return {
      kind: 'end',
      reason: 'task.cancelled',
      end: { status: 'cancelled', message: task.waiting ? 'Cancelled.' : CANCELLED_UNKNOWN },
    }
  }
  if (now.late) return failed('deadline', 'The task did not finish in its time.')
  if (tool === undefined) return failed('tool.unknown', 'The tool of this task is no longer offered.')
  const repeatable = task.waiting || tool.idempotent === true || tool.effect === 'reads'
  if (!repeatable) return failed('node.lost', `The node that ran this task was lost. ${UNKNOWN}`)
  if (task.fence > MOST_OWNERS) return failed('node.lost', 'The nodes that ran this task were lost.')
  return { kind: 'run' }
}

const UNKNOWN = 'Whether it took effect is not known: look before you call it again.'
export const CANCELLED_UNKNOWN = `Cancelled while it ran. ${UNKNOWN}`

const failed = (reason: string, message: string): OrphanVerdict => ({
  kind: 'end',
  reason,
  end: { status: 'failed', error: { code: CODES.internal, message }, message },
})
