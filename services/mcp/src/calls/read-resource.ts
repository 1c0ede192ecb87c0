import { isContents } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import type { Rules } from '@gatehouse/policy'
import { CODES } from '../errors.ts'
import type { Params } from '../protocol/classify.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES } from '../protocol/revisions.ts'
import type { Matched, Registry } from '../registry/build.ts'
import { contentsOf } from './content.ts'
import { contextOf } from './context.ts'
import { withDeadline } from './deadline.ts'
import { unfinished } from './handler-end.ts'
import { refusalFor } from './judged.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'

/** What every method needs that runs a handler of a catalog. */
export interface HandlerDeps {
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly clock: Clock
  readonly callMs: number
}

/** `resources/read`: what is not there, what belongs to another workspace and what is no URI of ours all look the same. */
export function createResourceReads(deps: HandlerDeps): (params: Params, caller: Caller) => Promise<Outcome> {
  return async (params, caller) => {
    const { uri } = params
    if (typeof uri !== 'string') return refusedWith(CODES.invalidParams, 'params.uri must be a string.')
    const matched = deps.registry.match(uri)
    if (matched === undefined) return notFound(caller, uri)
    const refusal = refusalFor(matched.registered.requirement, caller, deps.rules)
    if (refusal !== undefined) return refusal
    if (caller.asker.fault !== undefined) return refusedWith(CODES.invalidParams, caller.asker.fault)
    return read(deps, matched, uri, caller)
  }
}

async function read(deps: HandlerDeps, matched: Matched, uri: string, caller: Caller): Promise<Outcome> {
  const { resource, domain } = matched.registered
  const ended = await withDeadline(deps.callMs, caller.gone, (running) =>
    resource.read(
      matched.variables,
      Object.assign(contextOf(caller, running, deps.clock.now), domain(caller.principal)),
    ),
  )
  if (ended.kind !== 'done') {
    return unfinished(deps.envelope, caller, { kind: 'resource', name: resource.name, data: { uri } }, ended)
  }
  const { value } = ended
  // No contents at all would say that it is there and empty.
  if (value === undefined || (isContents(value) && value.contents.length === 0)) return notFound(caller, uri)
  const contents = isContents(value)
    ? value.contents.map(contentsOf)
    : [{ uri, mimeType: resource.mimeType, text: textOf(resource.mimeType, value) }]
  const members = `"contents":${JSON.stringify(contents)}`
  return { kind: 'result', json: deps.envelope.cacheable(caller.revision, members, 'read') }
}

const textOf = (mimeType: string, value: unknown): string =>
  typeof value === 'string' && mimeType.startsWith('text/') ? value : JSON.stringify(value)

const notFound = (caller: Caller, uri: string): Outcome =>
  refusedWith(
    FEATURES[caller.revision].stateless ? CODES.invalidParams : CODES.legacyResourceNotFound,
    'Resource not found.',
    { uri: uri.slice(0, 2_048) },
  )
