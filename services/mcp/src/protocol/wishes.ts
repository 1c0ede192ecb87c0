import type { ClientFacts, LogLevel } from '@gatehouse/catalog'
import {
  isLogLevel,
  isObject,
  isProgressToken,
  META_CAPABILITIES,
  META_CLIENT,
  META_LOG_LEVEL,
  type RpcRequest,
} from './classify.ts'
import { FEATURES } from './revisions.ts'

const NOTHING_DECLARED: ClientFacts = { capabilities: {} }
const MAX_NAME_CHARS = 128

type Message = Pick<RpcRequest, 'revision' | 'params'>

/** What a request says of its client. A session knows it of a legacy one. */
export function clientOf({ revision, params: { _meta: meta } }: Message): ClientFacts {
  if (!isObject(meta) || !FEATURES[revision].stateless) return NOTHING_DECLARED
  const capabilities = meta[META_CAPABILITIES]
  const info = meta[META_CLIENT]
  const facts: { -readonly [K in keyof ClientFacts]: ClientFacts[K] } = {
    capabilities: isObject(capabilities) ? capabilities : {},
  }
  if (!isObject(info)) return facts
  const { name, version } = info
  if (typeof name === 'string') facts.name = name.slice(0, MAX_NAME_CHARS)
  if (typeof version === 'string') facts.version = version.slice(0, MAX_NAME_CHARS)
  return facts
}

/** Adds what a request wants beside its answer. */
export function addWishes(
  caller: { progressToken?: string | number; logLevel?: LogLevel },
  { revision, params: { _meta: meta } }: Message,
): void {
  if (!isObject(meta)) return
  if (isProgressToken(meta.progressToken)) caller.progressToken = meta.progressToken
  const logLevel = meta[META_LOG_LEVEL]
  if (FEATURES[revision].stateless && isLogLevel(logLevel)) caller.logLevel = logLevel
}
