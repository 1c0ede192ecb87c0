import type { Database } from '@gatehouse/database'
import type { Asker } from '../calls/asker.ts'
import { type HeldTask, TaskStopped } from './held.ts'
import { matchInputs } from './match-inputs.ts'
import { inputs_list, task_ask, task_resume } from './tasks.store.ts'

/**
 * Asks inside a task: the questions stand in its row, where every node shows them, and the answers come there through any node. A run
 * that another node began and did not end finds what had been answered.
 */
export function createTaskAsker({ db, held }: { readonly db: Database; readonly held: HeldTask }): Asker {
  const { task } = held
  return {
    async ask(requests, signal, check) {
      const fits = (name: string, answer: unknown): boolean => {
        try {
          check(name, answer)
          return true
        } catch {
          return false
        }
      }
      for (;;) {
        signal.throwIfAborted()
        // Asked for before the rows are read: an answer that comes in between is not missed.
        const news = held.news(signal)
        news.catch(() => undefined)
        const { answers, complete, ours } = await db.asTenant(task.tenant, async (tx) => {
          const matched = matchInputs(requests, task.call.answers, await inputs_list(tx, task.id), fits)
          const ours = matched.complete
            ? await task_resume(tx, task)
            : matched.toAsk.length === 0 || (await task_ask(tx, task, matched.toAsk))
          return { ...matched, ours }
        })
        if (!ours) {
          held.stop('lost')
          throw new TaskStopped('lost')
        }
        held.waiting = !complete
        if (complete) return answers
        await news
      }
    },
  }
}
