import type { ClientFacts } from '@gatehouse/catalog'
import type { Caller } from '../calls/outcome.ts'
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

/** What a request says of its client and wants beside its answer. A session knows the rest of a legacy client. */
export function wishesOf({
  revision,
  params,
}: Pick<RpcRequest, 'revision' | 'params'>): Pick<Caller, 'client' | 'progressToken' | 'logLevel'> {
  const { _meta: meta } = params
  if (!isObject(meta)) return { client: NOTHING_DECLARED }
  const { progressToken } = meta
  const wanted = isProgressToken(progressToken) ? { progressToken } : {}
  if (!FEATURES[revision].stateless) return { client: NOTHING_DECLARED, ...wanted }
  const logLevel = meta[META_LOG_LEVEL]
  return { client: clientOf(meta), ...wanted, ...(isLogLevel(logLevel) ? { logLevel } : {}) }
}

function clientOf(meta: Readonly<Record<string, unknown>>): ClientFacts {
  const capabilities = meta[META_CAPABILITIES]
  const info = meta[META_CLIENT]
  const { name, version } = isObject(info) ? info : {}
  return {
    capabilities: isObject(capabilities) ? capabilities : {},
    ...(typeof name === 'string' ? { name: name.slice(0, MAX_NAME_CHARS) } : {}),
    ...(typeof version === 'string' ? { version: version.slice(0, MAX_NAME_CHARS) } : {}),
  }
}
