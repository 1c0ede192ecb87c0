import { ToolFailure } from '@gatehouse/catalog'
import { AnswerInvalid, type WireRequest } from '../calls/asker.ts'
import { isObject } from '../protocol/classify.ts'
import { isNode } from './links.ts'

/** A question as it is sent: a JSON-RPC request of the server. */
export interface Question {
  readonly id: string
  readonly json: string
}

/** Requests to clients that wait on this node for their answers, whichever way those come. */
export interface Questions {
  /**
   * Sends each through `send` and waits for all answers. When it is given up, `send` gets a `notifications/cancelled` for each that is
   * still open. @throws AnswerInvalid; ToolFailure when no answer came in time; the signal's reason
   */
  ask(
    what: {
      readonly session: string
      readonly log: string
      readonly requests: Readonly<Record<string, WireRequest>>
      readonly signal: AbortSignal
      readonly check: (key: string, answer: unknown) => void
    },
    send: (question: Question | { readonly json: string }) => void,
  ): Promise<Readonly<Record<string, unknown>>>
  /** An answer, with `result` or `error`. `false` where nobody waits for it. */
  answered(session: string, id: string, answer: Readonly<Record<string, unknown>>): boolean
  /** The client still works on it: its time begins anew. */
  working(session: string, id: string): void
  /** Those that are open and may be answered elsewhere. */
  readonly open: readonly { readonly session: string; readonly log: string; readonly id: string }[]
}

type Check = (key: string, answer: unknown) => void

interface Waiting {
  readonly session: string
  readonly log: string
  readonly settle: (answer: Readonly<Record<string, unknown>>) => void
  readonly prolong: () => void
}

/** Whatever the client reports, no question is open for longer. */
const HARD_CAP = 4

export function createQuestions(here: string, askMs: number): Questions {
  const waiting = new Map<string, Waiting>()
  let count = 0

  const one = (
    { session, log, key, check }: { session: string; log: string; key: string; check: Check },
    request: WireRequest,
    send: (question: Question) => void,
  ): { readonly id: string; readonly answer: Promise<unknown>; forget(): void } => {
    count += 1
    const id = `${here}.${log}.${count}`
    let timer: NodeJS.Timeout | undefined
    const forget = (): void => {
      clearTimeout(timer)
      waiting.delete(id)
    }
    const answer = new Promise<unknown>((resolve, reject) => {
      const late = (): void => {
        reject(new ToolFailure('client.silent', 'The client did not answer in time.'))
      }
      const hardEnd = performance.now() + askMs * HARD_CAP
      timer = setTimeout(late, askMs)
      waiting.set(id, {
        session,
        log,
        prolong() {
          clearTimeout(timer)
          timer = setTimeout(late, Math.max(0, Math.min(askMs, hardEnd - performance.now())))
        },
        settle(message) {
          forget()
          try {
            if (isObject(message.error)) throw new AnswerInvalid(key, 'the client answered with an error')
            check(key, message.result)
            resolve(message.result)
          } catch (error) {
            reject(error)
          }
        },
      })
    })
    const { method, params } = request
    const more = method === 'elicitation/create' && params.mode === 'url' ? { elicitationId: id } : {}
    const sent = { ...params, ...more, _meta: { progressToken: id } }
    send({ id, json: JSON.stringify({ jsonrpc: '2.0', id, method, params: sent }) })
    return { id, answer, forget }
  }

  return {
    async ask({ session, log, requests, signal, check }, send) {
      signal.throwIfAborted()
      const asked = Object.entries(requests).map(([key, request]) => ({
        key,
        ...one({ session, log, key, check }, request, send),
      }))
      let stop: () => void = () => undefined
      const aborted = new Promise<never>((_resolve, reject) => {
        stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
      })
      try {
        const answers = await Promise.race([Promise.all(asked.map(({ answer }) => answer)), aborted])
        return Object.fromEntries(asked.map(({ key }, at) => [key, answers[at]]))
      } finally {
        signal.removeEventListener('abort', stop)
        for (const { id, answer, forget } of asked) {
          answer.catch(() => undefined)
          if (!waiting.has(id)) continue
          forget()
          const params = { requestId: id, reason: 'The answer is not needed any more.' }
          send({ json: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }) })
        }
      }
    },
    answered(session, id, answer) {
      const found = waiting.get(id)
      if (found?.session !== session) return false
      found.settle(answer)
      return true
    },
    working(session, id) {
      const found = waiting.get(id)
      if (found?.session === session) found.prolong()
    },
    get open() {
      return [...waiting].map(([id, { session, log }]) => ({ id, session, log }))
    },
  }
}

/** Which node asked, and on which stream; `undefined` for an id that is none of ours. */
export function placeOfQuestion(id: unknown): { readonly node: string; readonly log: string } | undefined {
  if (typeof id !== 'string') return undefined
  const [node = '', log = '', count = '', more] = id.split('.')
  if (more !== undefined || !isNode(node) || !/^[A-Za-z0-9_-]{12}$/.test(log) || !/^\d{1,9}$/.test(count))
    return undefined
  return { node, log }
}
