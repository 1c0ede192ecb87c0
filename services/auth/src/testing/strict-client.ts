import type { OutgoingHttpHeaders } from 'node:http'
import type { InjectOptions } from 'fastify'
import * as oauth from 'oauth4webapi'
import { CALLBACK, type House, MCP, ORIGIN, PASSWORD, type Visitor } from './house.ts'

/** What client libraries send. */
interface Sent {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}
export type StrictFetch = (url: string, sent: Sent) => Promise<Response>

/** `fetch` of a client library that reaches the service and nothing else. */
export const fetchOf =
  ({ server }: Pick<House, 'server'>): StrictFetch =>
  async (url, { method, headers, body }) => {
    const { origin, pathname, search } = new URL(url)
    if (origin !== ORIGIN) throw new Error(`nobody answers at ${origin}`)
    const answer = await server.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url: `${pathname}${search}`,
      headers,
      ...(body === undefined || body === null ? {} : { payload: String(body) }),
    })
    const { statusCode: status } = answer
    const empty = status === 204 || status === 304
    return new Response(empty ? null : answer.body, { status, headers: headersOf(answer.headers) })
  }

function headersOf(sent: OutgoingHttpHeaders): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(sent))
    for (const one of [value ?? []].flat()) headers.append(name, String(one))
  return headers
}

export interface Manners {
  readonly email?: string
  readonly decision?: 'approve' | 'deny'
  /** What the pages said that were shown, in order: those who ask for a person's answer. */
  readonly shown?: string[]
}

/** A person goes where a client sends them, answers what is asked, and comes back. @returns the URL at the client */
export async function visit(url: URL, visitor: Visitor, manners: Manners = {}): Promise<URL> {
  const { email = 'member@acme.test', decision = 'approve', shown = [] } = manners
  if (url.origin !== ORIGIN) throw new Error(`sent to ${url.origin}`)
  let page = await visitor.follow(await visitor.get(`${url.pathname}${url.search}`))
  for (let step = 0; step < 3 && page.headers.location === undefined; step += 1) {
    const signIn = page.body.includes('name="password"')
    if (!signIn && !page.body.includes('name="decision"')) break
    shown.push(signIn ? 'sign-in' : 'consent')
    page = await visitor.submit(page, signIn ? { email, password: PASSWORD } : { decision })
  }
  if (typeof page.headers.location !== 'string') throw new Error(`no way back: ${page.statusCode} ${page.body}`)
  return new URL(page.headers.location)
}

/** How a library tells that a request was refused: `<status> <error>`, the error of the redirect, or the challenge. */
export async function refusedWith(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return `${error.status} ${error.error}`
    if (error instanceof oauth.AuthorizationResponseError) return error.error
    if (error instanceof oauth.WWWAuthenticateChallengeError)
      return `${error.status} ${error.cause.map(({ scheme, parameters }) => `${scheme} ${parameters.error ?? ''}`.trim())}`
    throw error
  }
  throw new Error('it was not refused')
}

/** A client over `oauth4webapi`: every answer goes through its processing function, which takes nothing that is not to the letter. */
export interface StrictClient {
  readonly as: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly proof: oauth.ClientAuth
  readonly options: { readonly [oauth.customFetch]: StrictFetch }
}

export async function discover(fetch: StrictFetch, algorithm: 'oidc' | 'oauth2' = 'oauth2') {
  const issuer = new URL(ORIGIN)
  const answer = await oauth.discoveryRequest(issuer, { algorithm, [oauth.customFetch]: fetch })
  return oauth.processDiscoveryResponse(issuer, answer)
}

/** Registers dynamically. @param proofOf how it proves itself, from what it was given; default: not at all */
export async function register(
  fetch: StrictFetch,
  metadata: Partial<oauth.OmitSymbolProperties<oauth.Client>> = {},
  proofOf: (client: oauth.Client) => oauth.ClientAuth = () => oauth.None(),
): Promise<StrictClient> {
  const as = await discover(fetch)
  const options = { [oauth.customFetch]: fetch }
  const wanted = {
    client_name: 'Strict client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...metadata,
  }
  const answer = await oauth.dynamicClientRegistrationRequest(as, wanted, options)
  const client = await oauth.processDynamicClientRegistrationResponse(answer)
  return { as, client, proof: proofOf(client), options }
}

/** One authorization request and what is needed to redeem its answer. */
export interface Going {
  readonly url: URL
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export async function goTo(of: StrictClient, changes: Record<string, string> = {}): Promise<Going> {
  const [verifier, state, nonce] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
  ]
  const url = new URL(of.as.authorization_endpoint ?? '')
  const asked = {
    response_type: 'code',
    client_id: of.client.client_id,
    redirect_uri: CALLBACK,
    scope: 'openid mcp:read mcp:write',
    resource: MCP,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...changes,
  }
  url.search = String(new URLSearchParams(asked))
  return { url, state, nonce, verifier }
}

/** Checks state and `iss`, redeems the code, checks the answer and its ID token with its signature. */
export async function redeem(
  of: StrictClient,
  going: Going,
  callback: URL,
  resource = MCP,
): Promise<oauth.TokenEndpointResponse> {
  const { as, client, proof, options } = of
  const parameters = oauth.validateAuthResponse(as, client, callback, going.state)
  const answer = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    proof,
    parameters,
    `${callback.origin}${callback.pathname}`,
    going.verifier,
    { ...options, additionalParameters: { resource } },
  )
  const openid = going.url.searchParams.get('scope')?.split(' ').includes('openid') !== false
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, {
    ...(openid ? { expectedNonce: going.nonce, requireIdToken: true } : {}),
  })
  if (openid) await oauth.validateApplicationLevelSignature(as, answer, options)
  return tokens
}

/** From nothing to tokens. */
export async function connectStrictly(of: StrictClient, visitor: Visitor, changes: Record<string, string> = {}) {
  const going = await goTo(of, changes)
  return redeem(of, going, await visit(going.url, visitor))
}

export const refreshWith = async (
  { as, client, proof, options }: StrictClient,
  token: string,
  more: Record<string, string> = {},
) =>
  oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, proof, token, { ...options, additionalParameters: more }),
  )
