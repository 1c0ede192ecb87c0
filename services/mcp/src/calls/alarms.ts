/** What rings at its time unless it is taken away before. In one line at once. */
export abstract class Alarm {
  /** By the clock of `performance`; set by the line. */
  at = 0
  before: Alarm | undefined
  after: Alarm | undefined
  waits = false

  abstract ring(): void
}

/**
 * Alarms that all ring the same time after they were added, so that they stand in their order and one timer serves them all: a timer for each would be
 * set and cleared with every call, and hardly one ever rings. Keeps the process alive while one waits.
 */
export class Alarms {
  readonly #ms: number
  #first: Alarm | undefined
  #last: Alarm | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  add(alarm: Alarm): void {
    alarm.at = performance.now() + this.#ms
    alarm.waits = true
    alarm.before = this.#last
    if (this.#last === undefined) {
      this.#first = alarm
      this.#timer?.ref()
    } else this.#last.after = alarm
    this.#last = alarm
    this.#timer ??= setTimeout(() => this.#look(), this.#ms)
  }

  /** Nothing happens to one that does not wait. */
  remove(alarm: Alarm): void {
    if (!alarm.waits) return
    const { before, after } = alarm
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    alarm.before = alarm.after = undefined
    alarm.waits = false
    // Left to itself it rings for nobody: the next one will soon be there.
    if (this.#first === undefined) this.#timer?.unref()
  }

  #look(): void {
    this.#timer = undefined
    const now = performance.now()
    for (let first = this.#first; first !== undefined && first.at <= now; first = this.#first) {
      this.remove(first)
      first.ring()
    }
    // One that was added by a ring has begun with a time of its own.
    clearTimeout(this.#timer)
    this.#timer = this.#first && setTimeout(() => this.#look(), Math.max(1, this.#first.at - performance.now()))
  }
}
