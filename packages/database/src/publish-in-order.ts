import type { OutboxMessage } from './drainer.ts'
import type { OutboxRow } from './outbox-store.ts'

export interface Published {
  readonly published: OutboxRow[]
  /** The first row of each subject that failed; what follows it in its subject was not tried. */
  readonly failed: { readonly row: OutboxRow; readonly error: unknown }[]
}

/** Subjects side by side, the rows of each one after the other. Never rejects. */
export async function publishInOrder(
  rows: readonly OutboxRow[],
  publish: (message: OutboxMessage) => Promise<unknown>,
  timeoutMs: number,
): Promise<Published> {
  const result: Published = { published: [], failed: [] }
  const bySubject = new Map<string, OutboxRow[]>()
  for (const row of rows) bySubject.set(row.subject, [...(bySubject.get(row.subject) ?? []), row])
  const publishAll = async (queue: readonly OutboxRow[]) => {
    for (const row of queue) {
      try {
        const { id, subject, headers, event } = row
        await withinTime(publish({ id, subject, headers, data: event }), timeoutMs)
        result.published.push(row)
      } catch (error) {
        result.failed.push({ row, error })
        return
      }
    }
  }
  await Promise.all([...bySubject.values()].map(publishAll))
  return result
}

async function withinTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`publishing took longer than ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
