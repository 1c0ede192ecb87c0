import { limitedTo } from '@gatehouse/outbound'
import { Failure } from './failure.ts'

/** The admin API of one installation. Every method throws `Failure`. */
export interface AdminClient {
  get(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<unknown>
  /** The lines of an answer as they come, however many. Fails when it breaks off. */
  lines(path: string, query?: Readonly<Record<string, string | undefined>>): AsyncGenerator<string>
  send(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    query?: Readonly<Record<string, string | undefined>>,
  ): Promise<unknown>
}

export interface AdminClientOptions {
  readonly url: URL
  readonly token: string
  readonly fetch: typeof globalThis.fetch
  readonly signal?: AbortSignal | undefined
}

const TIMEOUT_MS = 15_000

export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { url: base, token, fetch, signal } = options
  const away = (error: unknown): Failure =>
    new Failure('unreachable', `cannot reach ${base.origin} (${causeOf(error)}); is Gatehouse running there? See --url`)
  async function* lines(path: string, query: URLSearchParams): AsyncGenerator<string> {
    const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base)
    url.search = query.toString()
    let rest = ''
    try {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(url, { headers, redirect: 'manual', ...(signal !== undefined && { signal }) })
      if (!response.ok || response.body === null) read(response, await response.text(), base)
      const text = response.body?.pipeThrough(new TextDecoderStream())
      for await (const chunk of text ?? []) {
        const parts = `${rest}${chunk}`.split('\n')
        rest = parts.pop() ?? ''
        yield* parts
      }
    } catch (error) {
      throw error instanceof Failure ? error : away(error)
    }
    if (rest !== '') yield rest
  }
  const call = async (method: string, path: string, query: URLSearchParams, body?: unknown): Promise<unknown> => {
    const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base)
    url.search = query.toString()
    const init = {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // The token goes to the address that was named and to no other.
      redirect: 'manual' as const,
    }
    const ask = async (within: AbortSignal) => {
      const response = await fetch(url, { ...init, signal: within })
      return { response, text: await response.text() }
    }
    const { response, text } = await limitedTo(TIMEOUT_MS, signal, ask).catch((error: unknown) => {
      throw away(error)
    })
    return read(response, text, base)
  }
  return {
    lines: (path, query = {}) => lines(path, parametersOf(query)),
    get: (path, query = {}) => call('GET', path, parametersOf(query)),
    send: (method, path, body, query = {}) => call(method, path, parametersOf(query), body),
  }
}

function parametersOf(query: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value)
  return parameters
}

function read(response: Response, text: string, base: URL): unknown {
  const value = parse(text)
  if (response.ok) {
    if (value !== undefined || text === '') return value
    throw new Failure('unreachable', `what answers at ${base.origin} is not Gatehouse; see --url`)
  }
  if (response.status >= 300 && response.status < 400) {
    throw new Failure('unreachable', `${base.origin} redirects elsewhere; give the final address with --url`)
  }
  const { error, request_id } = (value ?? {}) as Record<string, unknown>
  throw new Failure(AWAY.has(response.status) ? 'unreachable' : 'refused', refusal(response.status, value), {
    status: response.status,
    reason: typeof error === 'string' ? error : undefined,
    requestId: typeof request_id === 'string' ? request_id : undefined,
  })
}

/** Of a part that cannot answer, or of a balancer with nobody behind it. */
const AWAY: ReadonlySet<number> = new Set([502, 503, 504])

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What to do about a status, where the answer itself does not say. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'give the GATEHOUSE_ADMIN_TOKEN of this installation, by the environment or --token',
  404: 'the "list" of such things shows their ids, "gatehouse --json audit list" those of keys and grants in use; a server without this command may be older than this program',
  429: 'wait a little and try again',
  502: 'nobody answers behind the balancer; try again soon',
  503: 'a part of the server is away; try again soon',
  504: 'nobody answers behind the balancer; try again soon',
}

function refusal(status: number, value: unknown): string {
  const { error, error_description, request_id } = (value ?? {}) as Record<string, unknown>
  const said = [error_description, error].find((text) => typeof text === 'string' && text !== '') ?? 'no reason given'
  const advice = ADVICE[status] === undefined ? '' : `; ${ADVICE[status]}`
  const reference = typeof request_id === 'string' ? `, request ${request_id}` : ''
  const what = AWAY.has(status) ? 'the server cannot answer' : 'the server refused'
  return `${what}: ${String(said).replace(/\.$/, '')}${advice} (HTTP ${status}${reference})`
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1_000} s`
  const cause = error.cause as (Error & { code?: string }) | undefined
  return cause?.code ?? cause?.message ?? error.message
}
