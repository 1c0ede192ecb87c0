import { LOG_LEVELS, type LogLevel } from '@gatehouse/catalog'
import { CODES, type Refused, type RequestId } from '../errors.ts'
import type { Offered } from './methods.ts'
import { decodeMirrored, NAMED_BY } from './mirrored.ts'
import {
  ASSUMED,
  FEATURES,
  isLegacy,
  LEGACY,
  type LegacyRevision,
  MODERN,
  MODERN_REVISIONS,
  type Revision,
} from './revisions.ts'

export type Params = Readonly<Record<string, unknown>>

/** The headers that say again what the body says. `undefined` where the request has none. */
export interface Mirrors {
  readonly version: string | undefined
  readonly method: string | undefined
  readonly name: string | undefined
}

export interface RpcRequest {
  readonly kind: 'request'
  readonly revision: Revision
  readonly id: RequestId
  readonly method: string
  readonly params: Params
}

/** What a body is, decided once. */
export type Classified =
  | RpcRequest
  /** Notifications, and legacy responses to requests that this server never sent: accepted, nothing to answer. */
  | { readonly kind: 'notification'; readonly revision: Revision }
  | { readonly kind: 'batch'; readonly revision: LegacyRevision; readonly requests: readonly RpcRequest[] }
  | ({ readonly kind: 'refused' } & Refused)

// Whole literals: a property is found at once by a name that the engine knows, and looked for by one that was put together.
export const META_VERSION = 'io.modelcontextprotocol/protocolVersion'
export const META_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
export const META_CLIENT = 'io.modelcontextprotocol/clientInfo'
export const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel'
const MAX_BATCH = 50
/** An id is repeated in every message of a stream, so its length multiplies with what the stream says. */
const MAX_ID_CHARS = 256

/**
 * The ladder of a parsed body: shape, era, envelope, version, mirrored headers, method. Each step stops at its first fault, and the order
 * is the order of the answers. Pure.
 */
export function classify(body: unknown, mirrors: Mirrors, offered: Offered): Classified {
  if (Array.isArray(body)) return classifyBatch(body, mirrors)
  const shape = readShape(body)
  if (shape.kind === 'refused') return shape
  const meta = isObject(shape.params._meta) ? shape.params._meta : NO_META
  return Object.hasOwn(meta, META_VERSION)
    ? modern(shape, meta, mirrors, offered)
    : withoutEnvelope(shape, mirrors, offered)
}

const NO_META: Params = {}

const requestOf = ({ id, method, params }: Shape & { readonly kind: 'request' }, revision: Revision): RpcRequest => ({
  kind: 'request',
  revision,
  id,
  method,
  params,
})

type Shape =
  | { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: Params }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Params; readonly id?: undefined }
  | { readonly kind: 'response'; readonly method: ''; readonly params: Params; readonly id?: undefined }

function readShape(body: unknown): Shape | ({ readonly kind: 'refused' } & Refused) {
  if (!isObject(body)) return invalid('The body is not a JSON-RPC message.')
  const id = isId(body.id) ? body.id : undefined
  if (body.jsonrpc !== '2.0') return invalid('"jsonrpc" must be "2.0".', id)
  if (body.method === undefined && ('result' in body || 'error' in body))
    return { kind: 'response', method: '', params: {} }
  if (typeof body.method !== 'string') return invalid('"method" must be a string.', id)
  if ('id' in body && id === undefined) {
    return invalid(`"id" must be an integer or a string of at most ${MAX_ID_CHARS} characters.`)
  }
  if (body.params !== undefined && !isObject(body.params)) return invalid('"params" must be an object.', id)
  const params = body.params ?? {}
  if (id !== undefined) return { kind: 'request', id, method: body.method, params }
  if (!body.method.startsWith('notifications/')) return invalid(`${body.method} needs an "id".`)
  return { kind: 'notification', method: body.method, params }
}

function modern(shape: Shape, meta: Params, mirrors: Mirrors, offered: Offered): Classified {
  const { id } = shape
  const claimed = meta[META_VERSION]
  if (mirrors.version !== undefined && mirrors.version !== claimed) {
    return mismatch('MCP-Protocol-Version does not match the version in _meta.', id)
  }
  if (shape.kind === 'response') return invalid('Responses are not accepted.')
  if (typeof claimed !== 'string') return lacking(META_VERSION, id)
  if (shape.kind === 'request' && !isObject(meta[META_CAPABILITIES])) return lacking(META_CAPABILITIES, id)
  if (claimed !== MODERN) return unsupported(claimed, id)
  if (shape.kind === 'notification') return judgeNotification(shape.method, mirrors)
  return mirrorFault(shape, mirrors) ?? known(requestOf(shape, MODERN), offered.modern, 404)
}

function judgeNotification(method: string, mirrors: Mirrors): Classified {
  return mirrors.method !== undefined && mirrors.method !== method
    ? mismatch('Mcp-Method does not match the method of the body.', undefined)
    : { kind: 'notification', revision: MODERN }
}

function mirrorFault(request: Omit<RpcRequest, 'revision'>, mirrors: Mirrors): Classified | undefined {
  const { id, method, params } = request
  if (mirrors.version === undefined) return mismatch('MCP-Protocol-Version is missing.', id)
  if (mirrors.method === undefined) return mismatch('Mcp-Method is missing.', id)
  if (mirrors.method !== method) return mismatch('Mcp-Method does not match the method of the body.', id)
  const member = NAMED_BY[method]
  if (member === undefined) return undefined
  const named = params[member]
  if (mirrors.name === undefined) {
    return named === undefined ? undefined : mismatch(`Mcp-Name is missing; it repeats params.${member}.`, id)
  }
  const value = decodeMirrored(mirrors.name)
  if (value === undefined) return mismatch('Mcp-Name is not well formed.', id)
  return value === named ? undefined : mismatch(`Mcp-Name does not match params.${member}.`, id)
}

/** No version inside the body: a legacy client, or a modern one that forgot its envelope. */
function withoutEnvelope(shape: Shape, mirrors: Mirrors, offered: Offered): Classified {
  const { id } = shape
  const modernHeader = mirrors.version !== undefined && MODERN_REVISIONS.includes(mirrors.version)
  if (modernHeader) {
    if (shape.kind === 'response') return invalid('Responses are not accepted.')
    if (shape.kind === 'notification') return judgeNotification(shape.method, mirrors)
    if (shape.method === 'initialize') return mismatch(`initialize does not belong to ${MODERN}.`, id)
    return lacking(META_VERSION, id)
  }
  // The header follows initialize, so on initialize itself it means nothing.
  const revision = shape.method === 'initialize' ? ASSUMED : (mirrors.version ?? ASSUMED)
  if (!isLegacy(revision)) return unknownHeader(revision, id)
  if (shape.kind !== 'request') return { kind: 'notification', revision }
  return known(requestOf(shape, revision), offered.legacy, 200)
}

function classifyBatch(items: readonly unknown[], mirrors: Mirrors): Classified {
  const revision = mirrors.version ?? ASSUMED
  if (revision !== '2025-03-26') return invalid('One message per request: arrays are not accepted.')
  if (items.length === 0) return invalid('The array is empty.')
  if (items.length > MAX_BATCH) return invalid(`At most ${MAX_BATCH} messages in one array.`)
  const requests: RpcRequest[] = []
  for (const item of items) {
    const shape = readShape(item)
    if (shape.kind === 'refused') return shape
    if (isObject(shape.params._meta) && Object.hasOwn(shape.params._meta, META_VERSION)) {
      return invalid(`Arrays do not belong to ${MODERN}.`)
    }
    if (shape.method === 'initialize') return invalid('initialize must stand alone.')
    if (shape.kind === 'request') requests.push(requestOf(shape, revision))
  }
  return requests.length === 0 ? { kind: 'notification', revision } : { kind: 'batch', revision, requests }
}

function known(request: RpcRequest, methods: ReadonlySet<string>, status: number): Classified {
  if (!methods.has(request.method)) return { kind: 'refused', ...methodNotFound(request, status) }
  return wishFault(request) ?? request
}

/** What a request may wish for beside its answer, and has to write well. */
function wishFault({ id, revision, params }: RpcRequest): Classified | undefined {
  const meta = isObject(params._meta) ? params._meta : {}
  const fault =
    meta.progressToken !== undefined && !isProgressToken(meta.progressToken)
      ? 'params._meta.progressToken must be a number or a short string.'
      : FEATURES[revision].stateless && meta[META_LOG_LEVEL] !== undefined && !isLogLevel(meta[META_LOG_LEVEL])
        ? `params._meta["${META_LOG_LEVEL}"] must be one of ${LOG_LEVELS.join(', ')}.`
        : undefined
  return fault === undefined ? undefined : { ...refuse(CODES.invalidParams, fault, id), status: 200 }
}

const MAX_TOKEN_CHARS = 256

/** A token is repeated in every message of progress, so its length multiplies. */
export const isProgressToken = (value: unknown): value is string | number =>
  typeof value === 'string' ? value.length <= MAX_TOKEN_CHARS : Number.isFinite(value)

export const isLogLevel = (value: unknown): value is LogLevel => (LOG_LEVELS as readonly unknown[]).includes(value)

export const methodNotFound = ({ id, method }: Pick<RpcRequest, 'id' | 'method'>, status: number): Refused => ({
  status,
  code: CODES.methodNotFound,
  message: `Method not found: ${method.slice(0, 128)}`,
  id,
})

const refuse = (
  code: number,
  message: string,
  id: RequestId | undefined,
  data?: unknown,
): Classified & { kind: 'refused' } => ({
  kind: 'refused',
  status: 400,
  code,
  message,
  ...(data === undefined ? {} : { data }),
  ...(id === undefined ? {} : { id }),
})
const invalid = (message: string, id?: RequestId) => refuse(CODES.invalidRequest, message, id)
const mismatch = (message: string, id: RequestId | undefined) =>
  refuse(CODES.headerMismatch, `Header mismatch: ${message}`, id)
const lacking = (key: string, id: RequestId | undefined) =>
  refuse(CODES.invalidParams, `params._meta["${key}"] is required.`, id)
const unsupported = (requested: string, id: RequestId | undefined) =>
  refuse(CODES.unsupportedVersion, 'Unsupported protocol version.', id, {
    supported: MODERN_REVISIONS,
    requested: requested.slice(0, 64),
  })
const unknownHeader = (version: string, id: RequestId | undefined) =>
  refuse(
    CODES.invalidRequest,
    `MCP-Protocol-Version ${version.slice(0, 64)} is not supported; use one of ${[MODERN, ...LEGACY].join(', ')}.`,
    id,
  )

const isId = (value: unknown): value is RequestId =>
  typeof value === 'string' ? value.length <= MAX_ID_CHARS : Number.isSafeInteger(value)

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
