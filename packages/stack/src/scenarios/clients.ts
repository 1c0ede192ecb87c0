import {
  Client as ModernClient,
  SSEClientTransport as ModernSseTransport,
  StreamableHTTPClientTransport as ModernTransport,
  UnauthorizedError as ModernUnauthorized,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import {
  type OAuthClientProvider as LegacyProvider,
  UnauthorizedError as LegacyUnauthorized,
} from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport as LegacySseTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'

/** The official clients' OAuth provider, holding everything in memory. */
export class MemoryProvider implements OAuthClientProvider {
  readonly redirectUrl: string
  authorizationUrl: URL | undefined
  #client: StoredOAuthClientInformation | undefined
  #tokens: StoredOAuthTokens | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined
  readonly #name: string

  constructor(name: string, redirectUrl: string) {
    this.#name = name
    this.redirectUrl = redirectUrl
  }

  get clientMetadata() {
    return {
      client_name: this.#name,
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
  }

  clientInformation() {
    return this.#client
  }
  saveClientInformation(client: StoredOAuthClientInformation) {
    this.#client = client
  }
  tokens() {
    return this.#tokens
  }
  saveTokens(tokens: StoredOAuthTokens) {
    this.#tokens = tokens
  }
  redirectToAuthorization(url: URL) {
    this.authorizationUrl = url
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  codeVerifier() {
    return this.#verifier
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovered = state
  }
  discoveryState() {
    return this.#discovered
  }

  /** What the client holds now. @throws before the first sign-in */
  held(): { readonly clientId: string; readonly accessToken: string; readonly refreshToken: string } {
    const { client_id } = this.#client ?? {}
    const { access_token, refresh_token } = this.#tokens ?? {}
    if (client_id === undefined || access_token === undefined || refresh_token === undefined) {
      throw new Error('the client holds no tokens yet')
    }
    return { clientId: client_id, accessToken: access_token, refreshToken: refresh_token }
  }

  forgetRefreshToken(): void {
    if (this.#tokens !== undefined) this.#tokens = { ...this.#tokens, refresh_token: undefined }
  }

  /** Makes the next request present a token that cannot be used, so that the client has to refresh. */
  spoilAccessToken(): void {
    if (this.#tokens !== undefined) this.#tokens = { ...this.#tokens, access_token: 'spoiled' }
  }
}

export interface ToolResult {
  readonly isError: boolean
  readonly structured: Record<string, unknown>
}

/** What both official clients can do, under one set of names. */
export interface OfficialClient {
  readonly label: string
  readonly provider: MemoryProvider
  /** First try: registers and ends at the sign-in page. @throws unless the client was sent to authorize */
  connectAsStranger(): Promise<URL>
  /** Exchanges the callback and connects. */
  connect(callback: URL): Promise<void>
  revision(): string | undefined
  tools(): Promise<readonly string[]>
  call(name: string, args: Record<string, unknown>): Promise<ToolResult>
  /** Calls a tool for which it was not granted enough. @returns where it sends its person @throws unless it asks for more */
  askForMore(name: string): Promise<URL>
  read(uri: string): Promise<unknown>
  /** Revision 2026-07-28 only. */
  listen?(uris: readonly string[], heard: (uri: string) => void): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

const isUnauthorized = (error: unknown): boolean =>
  error instanceof ModernUnauthorized || error instanceof LegacyUnauthorized

async function expectUnauthorized(attempt: Promise<unknown>, provider: MemoryProvider): Promise<URL> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isUnauthorized(error)) throw new Error('the client was not sent to authorize', { cause: error })
  if (provider.authorizationUrl === undefined) throw new Error('the client found no authorization endpoint')
  return provider.authorizationUrl
}

interface RawResult {
  readonly isError?: unknown
  readonly structuredContent?: unknown
  readonly content?: unknown
}

const toolResult = (result: RawResult): ToolResult => {
  const [first] = (result.content ?? []) as { text?: string }[]
  const parsed = (): unknown => {
    try {
      return JSON.parse(first?.text ?? '{}')
    } catch {
      return { text: first?.text }
    }
  }
  return {
    isError: result.isError === true,
    structured: (result.structuredContent ?? parsed()) as Record<string, unknown>,
  }
}

const jsonOf = (result: { contents: readonly object[] }): unknown => {
  const [first] = result.contents as { text?: string }[]
  return JSON.parse(first?.text ?? 'null')
}

/** What a person of these clients answers to every question. */
export const ANSWER = { username: 'ada', email: 'ada@acme.test' }

const MODERN_TRANSPORTS = { http: ModernTransport, sse: ModernSseTransport } as const

/** `@modelcontextprotocol/client`; pinned to 2026-07-28 unless said otherwise. `knows`: the only revision that it takes of the older ones. */
export function modernClient(
  mcpUrl: string,
  redirectUrl: string,
  mode: VersionNegotiationMode = { pin: '2026-07-28' },
  fetched: typeof fetch = fetch,
  { over = 'http', knows }: { readonly over?: keyof typeof MODERN_TRANSPORTS; readonly knows?: string } = {},
): OfficialClient {
  const provider = new MemoryProvider('Scenario client v2', redirectUrl)
  const transport = () => new MODERN_TRANSPORTS[over](new URL(mcpUrl), { authProvider: provider, fetch: fetched })
  const build = () => {
    const about = { name: 'scenario-v2', version: '1.0.0' }
    const made = new ModernClient(about, {
      versionNegotiation: { mode },
      capabilities: { elicitation: { form: {} } },
      ...(knows === undefined ? {} : { supportedProtocolVersions: [knows] }),
    })
    made.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: ANSWER }))
    return made
  }
  let client = build()
  return {
    label: `@modelcontextprotocol/client over ${over}, ${knows ?? (typeof mode === 'string' ? mode : 'pinned')}`,
    provider,
    connectAsStranger: () => expectUnauthorized(client.connect(transport()), provider),
    async connect(callback) {
      await transport().finishAuth(callback.searchParams)
      client = build()
      await client.connect(transport())
    },
    revision: () => (over === 'http' ? client.getNegotiatedProtocolVersion() : undefined),
    tools: async () => (await client.listTools({}, { cacheMode: 'refresh' })).tools.map((tool) => tool.name),
    call: async (name, args) => toolResult(await client.callTool({ name, arguments: args })),
    askForMore: (name) => expectUnauthorized(client.callTool({ name, arguments: {} }), provider),
    read: async (uri) => jsonOf(await client.readResource({ uri }, { cacheMode: 'refresh' })),
    async listen(uris, heard) {
      client.setNotificationHandler('notifications/resources/updated', (notification) => {
        heard(notification.params.uri)
      })
      return client.listen({ resourceSubscriptions: [...uris] })
    },
    close: () => client.close(),
  }
}

const LEGACY_TRANSPORTS = { http: LegacyTransport, sse: LegacySseTransport } as const

/** As a client of its time, which asks for an older revision than ours does: nothing of it can be told to. */
export const askingFor =
  (revision: string): typeof fetch =>
  (input, init) => {
    const { body } = init ?? {}
    if (typeof body !== 'string' || !body.includes('"method":"initialize"')) return fetch(input, init)
    const message = JSON.parse(body)
    message.params.protocolVersion = revision
    return fetch(input, { ...init, body: JSON.stringify(message) })
  }

/** `@modelcontextprotocol/sdk` 1.x, which speaks the 2025 revisions, and HTTP+SSE of 2024-11-05. */
export function legacyClient(
  mcpUrl: string,
  redirectUrl: string,
  over: keyof typeof LEGACY_TRANSPORTS = 'http',
  fetched: typeof fetch = fetch,
): OfficialClient {
  const provider = new MemoryProvider('Scenario client v1', redirectUrl)
  // The two SDKs declare the same provider with types that differ in optional members only.
  const authProvider = provider as unknown as LegacyProvider
  const transport = () => new LEGACY_TRANSPORTS[over](new URL(mcpUrl), { authProvider, fetch: fetched })
  const build = () => {
    const made = new LegacyClient({ name: 'scenario-v1', version: '1.0.0' }, { capabilities: { elicitation: {} } })
    made.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: ANSWER }))
    return made
  }
  let client = build()
  let open: ReturnType<typeof transport> | undefined
  const connect = (via: ReturnType<typeof transport>) => client.connect(via as Parameters<LegacyClient['connect']>[0])
  return {
    label: `@modelcontextprotocol/sdk over ${over}`,
    provider,
    connectAsStranger: () => expectUnauthorized(connect(transport()), provider),
    async connect(callback) {
      await transport().finishAuth(callback.searchParams.get('code') ?? '')
      client = build()
      open = transport()
      await connect(open)
    },
    revision: () => (open instanceof LegacyTransport ? open.protocolVersion : undefined),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args) => toolResult((await client.callTool({ name, arguments: args })) as RawResult),
    askForMore: (name) => {
      // With a refresh token it would refresh instead of asking, and be refused again (CF-8).
      provider.forgetRefreshToken()
      return expectUnauthorized(client.callTool({ name, arguments: {} }), provider)
    },
    read: async (uri) => jsonOf(await client.readResource({ uri })),
    close: () => client.close(),
  }
}
