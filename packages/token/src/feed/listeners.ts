import type { Logger } from '@gatehouse/telemetry'

/** Whoever wants to hear; one that fails does not keep the others from hearing. */
export interface Listeners<T> {
  add(listener: (value: T) => void): () => void
  tell(value: T): void
}

export function createListeners<T>(what: string, log: Logger): Listeners<T> {
  const listeners = new Set<{ readonly hear: (value: T) => void }>()
  return {
    add(hear) {
      const entry = { hear }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    tell(value) {
      for (const { hear } of listeners) {
        try {
          hear(value)
        } catch (error) {
          log.error({ err: error, what }, 'a listener of the feed failed')
        }
      }
    },
  }
}
