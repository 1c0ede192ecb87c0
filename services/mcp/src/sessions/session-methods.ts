import { KeyValueUnavailable } from '@gatehouse/kv'
import { decide, type Rules } from '@gatehouse/policy'
import { type Caller, type Outcome, refusedWith, type SessionOfCall } from '../calls/outcome.ts'
import { refusalText } from '../calls/refusals.ts'
import { CODES, refuseAtEdge } from '../errors.ts'
import { isLogLevel, type Params } from '../protocol/classify.ts'
import type { Registry } from '../registry/build.ts'
import { AWAY } from './sessions.ts'

const MAX_URI_CHARS = 2_048
const DONE: Outcome = { kind: 'result', json: '{}' }

/** `logging/setLevel`, `resources/subscribe`, `resources/unsubscribe`: what lasts longer than a request needs a session. */
export function createSessionMethods(deps: {
  readonly registry: Registry
  readonly rules: Rules
}): Readonly<Record<string, (params: Params, caller: Caller) => Promise<Outcome>>> {
  const inSession =
    (method: (params: Params, caller: Caller, session: SessionOfCall) => Promise<Outcome>) =>
    async (params: Params, caller: Caller): Promise<Outcome> => {
      if (caller.session === undefined) return { kind: 'refused', refused: refuseAtEdge('session.required') }
      try {
        return await method(params, caller, caller.session)
      } catch (error) {
        if (error instanceof KeyValueUnavailable) return { kind: 'refused', refused: AWAY }
        throw error
      }
    }
  return {
    'logging/setLevel': inSession(async ({ level }, _caller, session) => {
      if (!isLogLevel(level)) return refusedWith(CODES.invalidParams, 'params.level must be a level of RFC 5424.')
      await session.setLevel(level)
      return DONE
    }),
    'resources/subscribe': inSession(async ({ uri }, caller, session) => {
      const refused = judgeUri(deps, uri, caller)
      if (refused !== undefined) return refused
      return (await session.subscribe(uri as string))
        ? DONE
        : refusedWith(CODES.invalidParams, 'This session has too many subscriptions. End one first.')
    }),
    'resources/unsubscribe': inSession(async ({ uri }, _caller, session) => {
      if (typeof uri !== 'string') return refusedWith(CODES.invalidParams, 'params.uri must be a string.')
      await session.unsubscribe(uri)
      return DONE
    }),
  }
}

function judgeUri(
  { registry, rules }: { readonly registry: Registry; readonly rules: Rules },
  uri: unknown,
  caller: Caller,
): Outcome | undefined {
  if (typeof uri !== 'string' || uri.length > MAX_URI_CHARS) {
    return refusedWith(CODES.invalidParams, `params.uri must be a string of at most ${MAX_URI_CHARS} characters.`)
  }
  const matched = registry.match(uri)
  if (matched === undefined) return refusedWith(CODES.legacyResourceNotFound, 'Resource not found.', { uri })
  const { requirement, resource } = matched.registered
  const decision = decide(caller.principal, caller.tenant, requirement, rules)
  if (!decision.allow) {
    return decision.reason === 'scope.missing' && caller.principal.credential === 'oauth'
      ? { kind: 'scope', missing: decision.missing, whole: decision.whole }
      : refusedWith(CODES.invalidParams, refusalText(decision, rules, caller.principal))
  }
  return resource.subscribable
    ? undefined
    : refusedWith(CODES.invalidParams, 'This resource does not tell of its changes.', { uri })
}
