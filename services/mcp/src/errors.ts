/** JSON-RPC 2.0 and MCP error codes that this server sends. */
export const CODES = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  headerMismatch: -32_020,
  missingCapability: -32_021,
  unsupportedVersion: -32_022,
  /** What SDK clients know a session by that is over. */
  sessionNotFound: -32_001,
  /** Revisions up to 2025-11-25 only; 2026-07-28 says -32602. */
  legacyResourceNotFound: -32_002,
} as const

export type RequestId = string | number

/** An answer other than a result. `id` is absent where it could not be read: it is never `null`. */
export interface Refused {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly data?: unknown
  readonly id?: RequestId | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * What is refused before any method is looked at. A refusal that belongs to HTTP carries its status as the JSON-RPC code: the
 * range that JSON-RPC and MCP reserve is not ours to define codes in.
 */
export const EDGE = {
  'host.repeated': { status: 400, message: 'A request has one Host.' },
  'host.unknown': { status: 403, message: 'This Host is not served here.' },
  'origin.refused': { status: 403, message: 'This Origin may not use the server.' },
  'method.refused': { status: 405, message: 'Only POST is served here.' },
  'credential.missing': {
    status: 401,
    message: 'A credential is needed: sign in as the WWW-Authenticate header says.',
  },
  'key.missing': {
    status: 401,
    message: 'An API key is needed: send one of your workspace as "Authorization: Bearer <key>".',
  },
  'credential.malformed': { status: 400, message: 'The Authorization header is not well formed.' },
  'credential.refused': { status: 401, message: 'The credential is not valid, or no longer.' },
  'key.of-project': {
    status: 403,
    message: 'This API key belongs to one project. Create an API key of the organisation and use that one.',
  },
  'key.without-grant': { status: 403, message: 'This API key may not be used for MCP.' },
  'tenant.unnamed': { status: 400, message: 'An API key needs the header X-Tenant with the slug of its workspace.' },
  'tenant.mismatch': { status: 403, message: 'This credential is not of the workspace that the request names.' },
  'tenant.unknown': { status: 401, message: 'The workspace of this credential is not known.' },
  'tenant.suspended': { status: 423, message: 'This workspace is suspended.' },
  'mcp.disabled': { status: 403, message: 'MCP is not enabled for this workspace. Its administrator can ask for it.' },
  'host.without-tenant': { status: 404, message: 'Nothing is served at this path.' },
  'plan.without-mcp': { status: 404, message: 'Nothing is served at this path.' },
  'encoding.unsupported': { status: 415, message: 'The body must come as it is, without a Content-Encoding.' },
  'type.unsupported': { status: 415, message: 'The body must be application/json.' },
  'answer.unacceptable': { status: 406, message: 'Accept must allow application/json and text/event-stream.' },
  'body.too-large': { status: 413, message: 'The body is too large.' },
  'rate.exceeded': { status: 429, message: 'Too many requests.' },
  'session.required': { status: 400, message: 'This needs a session: initialize first, and send its Mcp-Session-Id.' },
  'keys.exceeded': { status: 429, message: 'Too many unknown API keys from this address. Wait a minute.' },
  'streams.exceeded': { status: 429, message: 'Too many open streams for this credential. Close one first.' },
  'streams.of-tenant': { status: 429, message: 'Too many open streams for this workspace. Close one first.' },
} as const satisfies Record<string, { status: number; message: string }>

export type EdgeReason = keyof typeof EDGE

export function refuseAtEdge(
  reason: EdgeReason,
  more: {
    readonly headers?: Readonly<Record<string, string>>
    readonly hint?: string
    readonly id?: RequestId
    readonly data?: unknown
  } = {},
): Refused {
  const { status, message } = EDGE[reason]
  return {
    status,
    code: status,
    message: more.hint === undefined ? message : `${message} ${more.hint}`,
    ...(more.data === undefined ? {} : { data: more.data }),
    ...(more.id === undefined ? {} : { id: more.id }),
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  }
}

/** The delay stands in the text, for people and models, and as a number, for programs; the header says it too. */
export const overLimit = (retryAfter: number, id?: RequestId): Refused =>
  refuseAtEdge('rate.exceeded', {
    hint: `Wait ${retryAfter} s.`,
    data: { retryAfterSeconds: retryAfter },
    ...(id === undefined ? {} : { id }),
  })

const RETRY_SECONDS = 5

/** Something that a request rests on cannot be reached. 503 with Retry-After; nothing was done. */
export function unavailable(message: string, id?: RequestId): Refused {
  return {
    status: 503,
    code: CODES.internal,
    message,
    ...(id === undefined ? {} : { id }),
    headers: { 'retry-after': String(RETRY_SECONDS) },
  }
}

/** The body of a refusal: a JSON-RPC error response. */
export function errorBody({ id, code, message, data }: Omit<Refused, 'status'>): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    error: { code, message, ...(data === undefined ? {} : { data }) },
  })
}

/** A body that is mostly bytes which were there before: they are sent as they are, and not copied into it. */
export class Pieces {
  readonly head: string
  readonly bytes: Buffer
  readonly tail: string

  constructor(head: string, bytes: Buffer, tail: string) {
    this.head = head
    this.bytes = bytes
    this.tail = tail
  }

  get byteLength(): number {
    return Buffer.byteLength(this.head) + this.bytes.length + Buffer.byteLength(this.tail)
  }

  toString(): string {
    return `${this.head}${this.bytes}${this.tail}`
  }
}

/** Text stays text: together with the headers it goes out in one write. */
export function resultBody(id: RequestId, resultJson: string | Buffer): string | Pieces {
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`
  return typeof resultJson === 'string' ? `${head}${resultJson}}` : new Pieces(head, resultJson, '}')
}
