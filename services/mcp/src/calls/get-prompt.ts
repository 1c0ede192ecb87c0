import type { PromptMessage } from '@gatehouse/catalog'
import { CODES } from '../errors.ts'
import { isObject, type Params } from '../protocol/classify.ts'
import type { RegisteredPrompt } from '../registry/build.ts'
import { blockOf } from './content.ts'
import { contextOf } from './context.ts'
import { withDeadline } from './deadline.ts'
import { unfinished } from './handler-end.ts'
import { refusalFor } from './judged.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import type { HandlerDeps } from './read-resource.ts'
import { argumentsText } from './results.ts'

/** A person types them in; a template is no place for documents. */
const MAX_ARGUMENT_CHARS = 10_000

/** `prompts/get`. An embedded resource of ours is one that the caller may read, or nothing is sent. */
export function createPromptGets(deps: HandlerDeps): (params: Params, caller: Caller) => Promise<Outcome> {
  return async (params, caller) => {
    const { name } = params
    if (typeof name !== 'string') return refusedWith(CODES.invalidParams, 'params.name must be a string.')
    const registered = deps.registry.prompts.get(name)
    if (registered === undefined) return refusedWith(CODES.invalidParams, `Unknown prompt: ${name.slice(0, 128)}`)
    const refusal = refusalFor(registered.requirement, caller, deps.rules)
    if (refusal !== undefined) return refusal
    if (caller.asker.fault !== undefined) return refusedWith(CODES.invalidParams, caller.asker.fault)
    const given = params.arguments ?? {}
    const fault = shapeFault(given)
    if (fault !== undefined) return refusedWith(CODES.invalidParams, fault)
    const parsed = registered.prompt.arguments.safeParse(given)
    if (!parsed.success) return refusedWith(CODES.invalidParams, argumentsText(name, parsed.error.issues))
    return get(deps, registered, parsed.data, caller)
  }
}

function shapeFault(given: unknown): string | undefined {
  if (!isObject(given)) return 'params.arguments must be an object.'
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string') return `The argument ${name.slice(0, 128)} must be a string.`
    if (value.length > MAX_ARGUMENT_CHARS) {
      return `The argument ${name.slice(0, 128)} has more than ${MAX_ARGUMENT_CHARS} characters.`
    }
  }
  return undefined
}

async function get(
  deps: HandlerDeps,
  { prompt, domain }: RegisteredPrompt,
  given: unknown,
  caller: Caller,
): Promise<Outcome> {
  const ended = await withDeadline(deps.callMs, caller.gone, (running) =>
    prompt.get(given, Object.assign(contextOf(caller, running, deps.clock.now), domain(caller.principal))),
  )
  if (ended.kind !== 'done') return unfinished(deps.envelope, caller, { kind: 'prompt', name: prompt.name }, ended)
  const foreign = unreadable(deps, ended.value, caller)
  if (foreign !== undefined) return foreign
  const messages = ended.value.map(({ role, content }) => ({ role, content: blockOf(content, caller.revision) }))
  const members = JSON.stringify({ description: prompt.description, messages }).slice(1, -1)
  return { kind: 'result', json: deps.envelope.result(caller.revision, members) }
}

/** A prompt may be made from what a person typed, a URI of ours among it: it opens nothing that they may not read. */
function unreadable(deps: HandlerDeps, messages: readonly PromptMessage[], caller: Caller): Outcome | undefined {
  for (const { content } of messages) {
    if (content.type !== 'resource') continue
    const requirement = deps.registry.match(content.resource.uri)?.registered.requirement
    const refusal = requirement && refusalFor(requirement, caller, deps.rules)
    if (refusal !== undefined) return refusal
  }
  return undefined
}
