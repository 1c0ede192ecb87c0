import { createHash, randomBytes } from 'node:crypto'
import { authorizeInPages } from '../person.ts'
import { CALLBACK, type Running } from '../running.ts'

/** A confidential client that registers itself and goes by the endpoints that discovery names. */
export interface Program {
  readonly id: string
  readonly secret: string
  readonly endpoints: Readonly<Record<Endpoint, string>>
  /** An address to send a person to. */
  ask(changes?: Readonly<Record<string, string | undefined>>): URL
  /** Sends a person there, who agrees. @returns the code */
  authorize(email: string, changes?: Readonly<Record<string, string | undefined>>): Promise<string>
  exchange(code: string, changes?: Readonly<Record<string, string>>): Promise<TokenAnswer>
  /** A form to the token endpoint, with the client's credentials unless others are given. */
  token(form: Readonly<Record<string, string>>): Promise<TokenAnswer>
  revoke(token: string, secret?: string): Promise<number>
  /** A new token of a person. */
  tokens(email: string, scope?: string): Promise<Tokens>
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly token_type: string
  readonly scope: string
}

export interface TokenAnswer {
  readonly status: number
  readonly body: Tokens & { readonly error?: string }
}

type Endpoint = 'issuer' | 'registration_endpoint' | 'authorization_endpoint' | 'token_endpoint' | 'revocation_endpoint'

/** @param path of the MCP endpoint that it wants to use */
export async function registerProgram(
  { publicUrl, secrets }: Pick<Running, 'publicUrl' | 'secrets'>,
  path = '/mcp',
): Promise<Program> {
  const discovered = await fetch(`${publicUrl}/.well-known/oauth-authorization-server`)
  const endpoints = (await discovered.json()) as Record<Endpoint, string>
  const registered = await fetch(endpoints.registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'My MCP Client',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_post',
      scope: 'mcp:read mcp:write',
    }),
  })
  const made = (await registered.json()) as { client_id?: string; client_secret?: string }
  const { client_id: id, client_secret: secret } = made
  if (registered.status !== 201 || id === undefined || secret === undefined) {
    throw new Error(`the registration answered ${registered.status}: ${JSON.stringify(made)}`)
  }
  const verifier = randomBytes(32).toString('base64url')
  const credentials = { client_id: id, client_secret: secret }
  const ask: Program['ask'] = (changes = {}) => {
    const url = new URL(endpoints.authorization_endpoint)
    const given = {
      client_id: id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'mcp:read mcp:write',
      state: randomBytes(8).toString('hex'),
      resource: `${publicUrl}${path}`,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...changes,
    }
    for (const [name, value] of Object.entries(given)) if (value !== undefined) url.searchParams.set(name, value)
    return url
  }
  const token: Program['token'] = async (form) => {
    const body = new URLSearchParams({ ...credentials, ...form })
    const answer = await fetch(endpoints.token_endpoint, { method: 'POST', body })
    return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'] }
  }
  const authorize: Program['authorize'] = async (email, changes) => {
    const callback = await authorizeInPages(ask(changes), CALLBACK, { email, password: secrets.demoPassword })
    const code = callback.searchParams.get('code')
    if (code === null) throw new Error(`no code came back: ${callback.search}`)
    return code
  }
  const exchange: Program['exchange'] = (code, changes = {}) =>
    token({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, ...changes })
  return {
    id,
    secret,
    endpoints,
    ask,
    authorize,
    exchange,
    token,
    async revoke(of, client_secret = secret) {
      const body = new URLSearchParams({ token: of, client_id: id, client_secret })
      return (await fetch(endpoints.revocation_endpoint, { method: 'POST', body })).status
    },
    async tokens(email, scope = 'mcp:read mcp:write') {
      const { status, body } = await exchange(await authorize(email, { scope }))
      if (status !== 200) throw new Error(`the token endpoint answered ${status}: ${JSON.stringify(body)}`)
      return body
    },
  }
}
