import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'

/** Parameters that may come more than once (RFC 8707 section 2). */
const REPEATABLE: ReadonlySet<string> = new Set(['resource', 'audience'])

/** Form bodies become `URLSearchParams`: no nested objects, no prototype keys, repeats kept. */
export async function addForms(server: FastifyInstance): Promise<void> {
  await server.register(formbody, { parser: (text) => ({ form: new URLSearchParams(text) }) })
}

/** Parameters of one request. A parameter without a value counts as absent (OAuth 2.1, section 3.1). */
export class Params {
  readonly #all: URLSearchParams

  /** @throws Refusal for a NUL, which nothing of ours holds and no database stores */
  constructor(all: URLSearchParams) {
    for (const value of all.values()) if (value.includes('\0')) throw new Refusal('request.malformed')
    this.#all = all
  }

  /** The value, or `undefined`. Ask `repeated` first: of several the first is taken. */
  get(name: string): string | undefined {
    return this.#all.get(name) || undefined
  }

  all(name: string): readonly string[] {
    return this.#all.getAll(name).filter((value) => value !== '')
  }

  /** A copy of all but these, repeats kept. */
  without(names: readonly string[]): URLSearchParams {
    return new URLSearchParams([...this.#all].filter(([name]) => !names.includes(name)))
  }

  /** The first parameter that came more than once although it must not. */
  get repeated(): string | undefined {
    const seen = new Set<string>()
    for (const name of this.#all.keys()) {
      if (seen.has(name) && !REPEATABLE.has(name)) return name
      seen.add(name)
    }
    return undefined
  }

  /** @throws Refusal when it is absent */
  need(name: string): string {
    const value = this.get(name)
    if (value === undefined) throw new Refusal('request.malformed', { text: `${name} is missing.` })
    return value
  }
}

/** The form that was posted. @throws Refusal for another media type */
export function readPosted(request: FastifyRequest): Params {
  const body = request.body
  const form = typeof body === 'object' && body !== null && 'form' in body ? body.form : undefined
  if (!(form instanceof URLSearchParams)) throw new Refusal('request.media-type')
  return new Params(form)
}

/** The form that was posted. @throws Refusal for another media type or a repeated parameter */
export function readForm(request: FastifyRequest): Params {
  const params = readPosted(request)
  const { repeated } = params
  if (repeated !== undefined) {
    throw new Refusal('request.malformed', { text: `${repeated.slice(0, 40)} is given more than once.` })
  }
  return params
}

/** The query as it stands in the request line. */
export function readQuery(request: FastifyRequest): Params {
  const at = request.url.indexOf('?')
  return new Params(new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1)))
}
