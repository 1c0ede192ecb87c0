import type { RateLimit } from '@gatehouse/rate-limit'
import type { Arrival, Serve } from '@gatehouse/service'
import type { DoorLog, TurnedAway } from '../edge/door-log.ts'
import type { Admitted, Knock, Known, Passed } from '../edge/guard.ts'
import { CODES, type Refused, refuseAtEdge } from '../errors.ts'
import type { Registry } from '../registry/build.ts'
import { type Answer, refusedAnswer } from './answer.ts'
import { Exchange } from './exchange.ts'
import { decodeMirrored } from './mirrored.ts'
import { takeBody } from './take-body.ts'

export interface DoorDeps {
  readonly guard: (knock: Knock) => Passed | Promise<Passed>
  readonly limit: RateLimit
  /** Told of each POST of somebody known that is refused here. */
  readonly doorLog: Pick<DoorLog, 'turnedAway'>
  readonly registry: Registry
  readonly bodyBytes: number
  readonly allowedOrigins: Pick<ReadonlySet<string>, 'has'>
  /** An API key with this prefix may come as `?api_key=`; absent: none may. */
  readonly queryKeyPrefix: string | undefined
}

/** What is behind a door. */
export interface Behind {
  /** Finds out what else of a request its guard has to know. */
  prepare(exchange: Exchange): void | Promise<void>
  /** Answers who was let in; the body of a POST is there. */
  handle(exchange: Exchange, admitted: Admitted): Promise<void>
}

/** What stands before every endpoint of this protocol: browsers, guard, body, and the error format. */
export function createDoor(deps: DoorDeps, behind: Behind): Serve {
  return (arrival) => new Visit(deps, behind, arrival).begin()
}

class Visit {
  readonly #deps: DoorDeps
  readonly #behind: Behind
  readonly #exchange: Exchange

  constructor(deps: DoorDeps, behind: Behind, arrival: Arrival) {
    this.#deps = deps
    this.#behind = behind
    this.#exchange = new Exchange(arrival)
  }

  /** Most requests are let in without waiting for anything. */
  begin(): void {
    const exchange = this.#exchange
    try {
      const browser = allowBrowser(this.#deps, exchange)
      if (exchange.method === 'OPTIONS') {
        exchange.send(browser ? preflightAnswer(this.#deps) : refusedAnswer(refuseAtEdge('origin.refused')))
        return
      }
      exchange.authorization ??= keyInQuery(exchange, this.#deps.queryKeyPrefix)
      const prepared = this.#behind.prepare(exchange)
      if (prepared === undefined) this.#knock()
      else prepared.then(() => this.#knock()).catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  #knock(): void {
    const passed = this.#deps.guard(this.#exchange)
    if (passed instanceof Promise) {
      passed.then((later) => this.#settle(later)).catch((error: unknown) => this.#fail(error))
    } else this.#settle(passed)
  }

  #settle(passed: Passed): void {
    const exchange = this.#exchange
    if (!passed.ok) this.#refuse(passed.refused, passed.known)
    else {
      exchange.admitted = passed.admitted
      if (exchange.method === 'POST') takeBody(exchange.request, this.#deps.bodyBytes, (body) => this.#read(body))
      else void this.#enter()
    }
  }

  #read(body: Buffer | undefined): void {
    const exchange = this.#exchange
    exchange.body = body
    if (body !== undefined) void this.#enter()
    else {
      // The rest of it is not waited for.
      exchange.add({ connection: 'close' })
      const { admitted } = exchange
      this.#refuse(refuseAtEdge('body.too-large'), admitted && { ...admitted, reason: 'body.too-large' })
    }
  }

  async #enter(): Promise<void> {
    try {
      const { admitted } = this.#exchange
      if (admitted === undefined) throw new Error('nobody was let in')
      await this.#behind.handle(this.#exchange, admitted)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Whoever is known: its window counts the request, and the audit log is told. */
  #refuse(refused: Refused, known: Known | undefined): void {
    const exchange = this.#exchange
    if (known === undefined) exchange.send(refusedAnswer(refused))
    else this.#refuseKnown(refused, known).catch((error: unknown) => this.#fail(error))
  }

  async #refuseKnown(refused: Refused, { principal, reason }: Known): Promise<void> {
    const exchange = this.#exchange
    const { headers } = await this.#deps.limit.take(principal, 1)
    if (exchange.method === 'POST') {
      await this.#deps.doorLog.turnedAway({ principal, reason, requestId: exchange.id, ...saidInHeaders(exchange) })
    }
    exchange.add(headers).send(refusedAnswer(refused))
  }

  #fail(error: unknown): void {
    const exchange = this.#exchange
    exchange.log.error({ err: error }, 'MCP request failed')
    // Half an answer is ended by its connection: its client must not take it for a whole one.
    if (exchange.answered) exchange.response.destroy()
    else exchange.send(refusedAnswer(failed(exchange.id)))
  }
}

/** What a request says of a call without its body being read. */
function saidInHeaders({ headers }: Exchange): Pick<TurnedAway, 'calls' | 'tool'> {
  if (single(headers['mcp-method'])?.trim() !== 'tools/call') return {}
  const name = single(headers['mcp-name'])
  return { calls: 1, tool: name && decodeMirrored(name) }
}

const failed = (requestId: string): Refused => ({
  status: 500,
  code: CODES.internal,
  message: 'Internal error.',
  data: { requestId },
})

export const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value

/** Only a key: a token in a query is never one (OAuth 2.1 section 5.1). */
function keyInQuery(exchange: Exchange, prefix: string | undefined): string | undefined {
  if (prefix === undefined) return undefined
  const [key, ...others] = exchange.query.getAll('api_key')
  return key?.startsWith(prefix) === true && others.length === 0 ? `Bearer ${key}` : undefined
}

const BROWSER_HEADERS =
  'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID'

/** @returns whether the request comes from a page that may use the server */
function allowBrowser(deps: DoorDeps, exchange: Exchange): boolean {
  const { origin } = exchange
  if (origin === undefined || !deps.allowedOrigins.has(origin.toLowerCase())) return false
  exchange.add({
    'access-control-allow-origin': origin,
    'access-control-expose-headers':
      'WWW-Authenticate, Mcp-Session-Id, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset',
    vary: 'Origin',
  })
  return true
}

const preflightAnswer = ({ registry }: DoorDeps): Answer => ({
  status: 204,
  headers: {
    'access-control-allow-methods': 'POST, GET, DELETE',
    'access-control-allow-headers': browserHeaders(registry),
    'access-control-max-age': '7200',
  },
})

/** What a browser may send: the fixed ones, and those that some tool mirrors an argument in. */
const browserHeaders = ({ tools }: Registry): string =>
  [
    BROWSER_HEADERS,
    ...new Set([...tools.values()].flatMap(({ mirrored }) => mirrored.map(({ header }) => header))),
  ].join(', ')
