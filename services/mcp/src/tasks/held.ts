import { ClientLeaving } from '../calls/leaving.ts'
import type { OwnedTask } from './task.ts'

/** Why a task that runs here is to stop. */
export type StopReason = 'task.cancelled' | 'credential.revoked' | 'deadline' | 'stopping' | 'lost'

/** What the signal of a stopped tool is aborted with. */
export class TaskStopped extends Error {
  readonly reason: StopReason

  constructor(reason: StopReason) {
    super(`the task is stopped: ${reason}`)
    this.name = 'TaskStopped'
    this.reason = reason
  }
}

/** A task that this node runs. */
export class HeldTask {
  readonly task: OwnedTask
  readonly leaving = new ClientLeaving()
  /** The tool waits for answers, and nothing lasting has happened yet. */
  waiting = false
  #stopped: StopReason | undefined
  #heard: (() => void)[] = []

  constructor(task: OwnedTask) {
    this.task = task
  }

  /** What stopped it, if something did: the first that did. */
  get stopped(): StopReason | undefined {
    return this.#stopped
  }

  stop(reason: StopReason): void {
    if (this.#stopped !== undefined) return
    this.#stopped = reason
    this.leaving.leave(new TaskStopped(reason))
  }

  /** Something about the task changed: whoever waits for news looks again. */
  tell(): void {
    const heard = this.#heard
    this.#heard = []
    for (const resolve of heard) resolve()
  }

  /** Resolves at the next `tell`; rejects with the signal's reason. */
  news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const left = (): void => reject(signal.reason)
      if (signal.aborted) return left()
      signal.addEventListener('abort', left, { once: true })
      this.#heard.push(() => {
        signal.removeEventListener('abort', left)
        resolve()
      })
    })
  }
}
