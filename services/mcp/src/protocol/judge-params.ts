import type { IncomingHttpHeaders } from 'node:http'
import { CODES, type Refused } from '../errors.ts'
import type { MirroredParam } from '../registry/mirrored-params.ts'
import { isObject, type RpcRequest } from './classify.ts'
import { decodeMirrored } from './mirrored.ts'

/** Why the `Mcp-Param-*` headers are not those of the arguments; `undefined` where they are. Others than the tool's own are not looked at. */
export function judgeMirroredParams(
  mirrored: readonly MirroredParam[],
  request: RpcRequest,
  headers: IncomingHttpHeaders,
): Refused | undefined {
  for (const { header, path } of mirrored) {
    const fault = faultOf(valueAt(request.params.arguments, path), headers[header])
    if (fault === undefined) continue
    const message = `Header mismatch: ${header} ${fault}`
    return { status: 400, code: CODES.headerMismatch, message, id: request.id }
  }
  return undefined
}

function valueAt(from: unknown, path: readonly string[]): unknown {
  let value = from
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function faultOf(value: unknown, raw: string | string[] | undefined): string | undefined {
  const header = Array.isArray(raw) ? raw.join(', ') : raw
  if (value === undefined || value === null) {
    return header === undefined ? undefined : 'repeats an argument that is not there.'
  }
  // No value of a kind that can be mirrored: the schema of the arguments has its word on it.
  if (typeof value === 'object') return undefined
  if (header === undefined) return 'is missing.'
  const decoded = decodeMirrored(header)
  if (decoded === undefined) return 'is not well formed.'
  const same = typeof value === 'number' ? NUMBER.test(decoded) && Number(decoded) === value : decoded === String(value)
  return same ? undefined : 'does not match the argument.'
}
