import type { FastifyInstance } from 'fastify'

/** A browser inside the process: keeps cookies, knows the token of its forms. */
export class PageVisitor {
  readonly #server: FastifyInstance
  readonly #host: string
  readonly #cookies = new Map<string, string>()
  #csrf = ''

  constructor(server: FastifyInstance, host: string) {
    this.#server = server
    this.#host = host
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.get('/sign-in')
    await this.post('/sign-in', { email, password })
    await this.get('/')
  }

  async get(url: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await this.#server.inject({ url, headers: this.#headers() })
    this.#keep(answer.headers['set-cookie'])
    this.#csrf = /name="csrf" value="([^"]+)"/.exec(answer.body)?.[1] ?? this.#csrf
    return { status: answer.statusCode, text: answer.body }
  }

  async post(url: string, form: Record<string, string>): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await this.#server.inject({
      method: 'POST',
      url,
      headers: { ...this.#headers(), 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ csrf: this.#csrf, ...form }).toString(),
    })
    this.#keep(answer.headers['set-cookie'])
    return { status: answer.statusCode, text: answer.body }
  }

  #headers(): Record<string, string> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return { host: this.#host, ...(cookie === '' ? {} : { cookie }) }
  }

  #keep(set: string | string[] | undefined): void {
    for (const one of [set ?? []].flat()) {
      const [name = '', value = ''] = (one.split(';', 1)[0] ?? '').split('=', 2)
      this.#cookies.set(name, value)
    }
  }
}
