import { pino } from 'pino'
import { jsonMember } from './json-string.ts'
import type { Logger } from './logger.ts'
import { currentSpan, traceFields } from './tracing.ts'

/** A request and how it was answered. Nothing of it is a secret. */
export interface Answered {
  readonly reqId: string
  /** Whose request it was, as far as that was found out. */
  readonly tenant?: string | undefined
  readonly client?: string | undefined
  readonly method: string | undefined
  /** Without the query, which may hold what nobody should read. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  /** Of the span in which it was answered. */
  readonly traceparent?: string | undefined
}

interface Stream {
  write(lines: string): void
}

interface Inside {
  readonly [pino.symbols.streamSym]: Stream
  /** Members that stand in each line, as JSON, each after a comma. */
  readonly [pino.symbols.chindingsSym]: string
}

/**
 * Writes the line of an answered request, at level info: what `log.child({ reqId, … }).info({ … }, 'answered')` says. It is put together from
 * its members, since one comes with every request, and pino's way of any object takes four times as long. Lines of one turn of the loop are written
 * together at its end, after what else was said in it: pino's destination counts all that it holds anew with each write.
 */
export function createAnsweredLog(log: Logger): (answered: Answered) => void {
  const { [pino.symbols.streamSym]: stream, [pino.symbols.chindingsSym]: bound } = log as unknown as Inside
  const together = new Together(stream)
  const level = pino.levels.values.info
  let at = Number.NaN
  let head = ''
  const headAt = (now: number): string => {
    if (now !== at) {
      head = `{"level":${level},"time":"${new Date(now).toISOString()}"${bound}`
      at = now
    }
    return head
  }
  return ({ reqId, tenant, client, method, path, status, durationMs, traceparent }) => {
    if (!log.isLevelEnabled('info')) return
    const { trace_id, span_id } = traceFields(traceparent ?? currentSpan()?.traceparent)
    const whose = `${jsonMember('reqId', reqId)}${jsonMember('tenant', tenant)}${jsonMember('client', client)}`
    const traced = `${jsonMember('trace_id', trace_id)}${jsonMember('span_id', span_id)}`
    const what = `${jsonMember('method', method)}${jsonMember('path', path)},"status":${status},"durationMs":${durationMs}`
    together.write(`${headAt(Date.now())}${whose}${traced}${what},"msg":"answered"}\n`)
  }
}

/** Whose turn is not over: a process that ends in it writes their lines too. */
const open = new Set<Together>()
let watching = false

class Together {
  readonly #stream: Stream
  #lines = ''

  constructor(stream: Stream) {
    this.#stream = stream
  }

  write(line: string): void {
    if (this.#lines === '') {
      if (!watching) process.prependListener('exit', endAll)
      watching = true
      open.add(this)
      setImmediate(() => this.end())
    }
    this.#lines += line
  }

  end(): void {
    open.delete(this)
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '') this.#stream.write(lines)
  }
}

function endAll(): void {
  for (const each of open) each.end()
}
