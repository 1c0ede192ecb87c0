import { ToolFailure } from '@gatehouse/catalog'
import { DatabaseUnavailable } from '@gatehouse/database'
import { decide, type Rules } from '@gatehouse/policy'
import { CODES, unavailable } from '../errors.ts'
import type { Params } from '../protocol/classify.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES } from '../protocol/revisions.ts'
import type { Matched, Registry } from '../registry/build.ts'
import { DATA_AWAY, internal } from './call-tool.ts'
import { contextOf } from './context.ts'
import { withDeadline } from './deadline.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import { refusalText } from './refusals.ts'

export interface ReadDeps {
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly clock: { now(): number }
  readonly callMs: number
}

/** `resources/read`: what is not there, what belongs to another workspace and what is no URI of ours all look the same. */
export function createResourceReads(deps: ReadDeps): (params: Params, caller: Caller) => Promise<Outcome> {
  return async (params, caller) => {
    const { uri } = params
    if (typeof uri !== 'string') return refusedWith(CODES.invalidParams, 'params.uri must be a string.')
    const matched = deps.registry.match(uri)
    if (matched === undefined) return notFound(caller, uri)
    const decision = decide(caller.principal, caller.tenant, matched.registered.requirement, deps.rules)
    if (decision.allow) return read(deps, matched, uri, caller)
    if (decision.reason === 'scope.missing' && caller.principal.credential === 'oauth') {
      return { kind: 'scope', missing: decision.missing, whole: decision.whole }
    }
    return refusedWith(CODES.invalidParams, refusalText(decision, deps.rules))
  }
}

async function read(deps: ReadDeps, matched: Matched, uri: string, caller: Caller): Promise<Outcome> {
  const { resource, domain } = matched.registered
  const { revision } = caller
  const ended = await withDeadline(deps.callMs, caller.gone, (running) =>
    resource.read(
      matched.variables,
      Object.assign(contextOf(caller, running, deps.clock.now), domain(caller.principal)),
    ),
  )
  if (ended.kind === 'done') {
    if (ended.value === undefined) return notFound(caller, uri)
    const contents = [{ uri, mimeType: resource.mimeType, text: textOf(resource.mimeType, ended.value) }]
    return { kind: 'result', json: deps.envelope.cacheable(revision, `"contents":${JSON.stringify(contents)}`, 'read') }
  }
  if (ended.kind === 'timed-out') return refusedWith(CODES.internal, 'The resource could not be read in time.')
  if (ended.kind === 'gone') return refusedWith(CODES.internal, 'The client went away.')
  if (ended.error instanceof ToolFailure) return refusedWith(CODES.invalidParams, ended.error.message, { uri })
  if (ended.error instanceof DatabaseUnavailable) {
    caller.log.warn({ err: ended.error, resource: resource.name }, 'the database is away')
    return { kind: 'refused', refused: unavailable(`${DATA_AWAY} Try again.`) }
  }
  caller.log.error({ err: ended.error, resource: resource.name }, 'resource could not be read')
  return internal(caller)
}

const textOf = (mimeType: string, value: unknown): string =>
  typeof value === 'string' && mimeType.startsWith('text/') ? value : JSON.stringify(value)

const notFound = (caller: Caller, uri: string): Outcome =>
  refusedWith(
    FEATURES[caller.revision].stateless ? CODES.invalidParams : CODES.legacyResourceNotFound,
    'Resource not found.',
    { uri: uri.slice(0, 2_048) },
  )
