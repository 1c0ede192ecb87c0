const MOST_MARKS = 64

interface Mark {
  readonly last: bigint
  readonly appenders: readonly string[]
}

/**
 * Which positions no open transaction can still bring. Positions are drawn in order but committed in any, so the newest
 * row that is seen says nothing about the ones below it. What is drawn up to `last` is settled when every transaction
 * that was appending after `last` was read has ended. Other transactions, however long, do not count.
 */
export function settlement() {
  let marks: Mark[] = []
  let settled = 0n
  return {
    /** `last` must have been read before `appenders`, and both before the rows that are then judged. */
    observe(last: bigint, appenders: readonly string[]): bigint {
      const open = new Set(appenders)
      if (marks.length < MOST_MARKS) marks.push({ last, appenders })
      for (const mark of marks) {
        if (mark.last > settled && !mark.appenders.some((id) => id !== '' && open.has(id))) settled = mark.last
      }
      marks = marks.filter((mark) => mark.last > settled)
      return settled
    },
  }
}
