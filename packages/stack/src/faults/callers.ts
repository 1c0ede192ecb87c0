import { setTimeout as pause } from 'node:timers/promises'
import { rpc } from '../scenarios/wire.ts'

/** What became of one call. */
export interface Called {
  readonly id: string
  /** 0: there was no answer. */
  readonly status: number
  /** Its effect is reported as done. */
  readonly done: boolean
  readonly text: string
  readonly at: number
}

export interface Calling {
  readonly calls: readonly Called[]
  stop(): Promise<void>
}

/** Tools are called so often, by so many at once, each call with an id of its own. */
export function startCalling(options: {
  readonly url: string
  readonly apiKey: string
  readonly callers: number
  readonly everyMs: number
  readonly counters: readonly string[]
  readonly prefix: string
}): Calling {
  const calls: Called[] = []
  let stopped = false
  let next = 0
  const call = async (): Promise<void> => {
    const id = `${options.prefix}${next}`
    const counter = options.counters[next % options.counters.length] ?? ''
    next += 1
    const { headers, body } = rpc(options.apiKey, 'tools/call', { name: 'counters_add', arguments: { id: counter } })
    const at = Date.now()
    try {
      const answer = await fetch(options.url, {
        method: 'POST',
        headers: { ...(headers as Record<string, string>), 'x-request-id': id },
        body: String(body),
      })
      const text = await answer.text()
      const done = answer.status === 200 && text.includes('"structuredContent"') && !text.includes('"isError":true')
      calls.push({ id, status: answer.status, done, text: done ? '' : text, at })
    } catch (error) {
      calls.push({ id, status: 0, done: false, text: String((error as Error).cause ?? error), at })
    }
  }
  const caller = async (): Promise<void> => {
    while (!stopped) {
      await call()
      await pause(options.everyMs)
    }
  }
  const running = Promise.all(Array.from({ length: options.callers }, caller))
  return {
    calls,
    async stop() {
      stopped = true
      await running
    },
  }
}
