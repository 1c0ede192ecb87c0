import type { Complete } from '@gatehouse/catalog'
import type { Requirement } from '@gatehouse/policy'
import { CODES } from '../errors.ts'
import { isObject, type Params } from '../protocol/classify.ts'
import type { Registry } from '../registry/build.ts'
import { contextOf } from './context.ts'
import { withDeadline } from './deadline.ts'
import { unfinished } from './handler-end.ts'
import { refusalFor } from './judged.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import type { HandlerDeps } from './read-resource.ts'

/** MCP, completion: no more values in one answer. */
const MAX_VALUES = 100
const MAX_TYPED_CHARS = 1_000

/** What is to be completed: an argument of a prompt, or a variable of a template. */
interface Completed {
  readonly name: string
  readonly requirement: Requirement
  readonly arguments: ReadonlySet<string>
  readonly complete: Readonly<Record<string, Complete<object>>>
  readonly domain: (principal: Caller['principal']) => object
}

interface Asked {
  readonly argument: string
  readonly typed: string
  readonly given: Readonly<Record<string, string>>
}

/** `completion/complete`. It asks for what the prompt or the template asks for: a suggestion discloses as much as a read. */
export function createCompletions(deps: HandlerDeps): (params: Params, caller: Caller) => Promise<Outcome> {
  return async (params, caller) => {
    const found = completedOf(deps.registry, params.ref)
    if (typeof found === 'string') return refusedWith(CODES.invalidParams, found)
    const refusal = refusalFor(found.requirement, caller, deps.rules)
    if (refusal !== undefined) return refusal
    const asked = readAsked(params)
    if (typeof asked === 'string') return refusedWith(CODES.invalidParams, asked)
    if (!found.arguments.has(asked.argument)) {
      return refusedWith(CODES.invalidParams, `${found.name} has no argument ${asked.argument.slice(0, 128)}.`)
    }
    return complete(deps, found, asked, caller)
  }
}

function completedOf(registry: Registry, ref: unknown): Completed | string {
  if (!isObject(ref)) return 'params.ref must be an object.'
  if (ref.type === 'ref/prompt') {
    const prompt = typeof ref.name === 'string' ? registry.prompts.get(ref.name) : undefined
    if (prompt === undefined) return 'params.ref names no prompt.'
    const { requirement, domain } = prompt
    const { name, complete = {} } = prompt.prompt
    return { name, requirement, domain, complete, arguments: new Set(prompt.arguments.map((one) => one.name)) }
  }
  if (ref.type !== 'ref/resource') return 'params.ref.type must be ref/prompt or ref/resource.'
  const entry = registry.resources.find(({ uri }) => uri === ref.uri)
  if (entry === undefined) return 'params.ref names no resource template.'
  const { requirement, domain } = entry
  const { name, complete = {} } = entry.resource
  return { name, requirement, domain, complete, arguments: new Set(entry.pattern.variables) }
}

function readAsked({ argument, context }: Params): Asked | string {
  if (!isObject(argument) || typeof argument.name !== 'string' || typeof argument.value !== 'string') {
    return 'params.argument must have a name and a value, both strings.'
  }
  if (argument.value.length > MAX_TYPED_CHARS) return `At most ${MAX_TYPED_CHARS} characters are completed.`
  if (context !== undefined && !isObject(context)) return 'params.context must be an object.'
  const given = context?.arguments ?? {}
  if (!isObject(given) || !Object.values(given).every((value) => typeof value === 'string')) {
    return 'params.context.arguments must be an object of strings.'
  }
  return { argument: argument.name, typed: argument.value, given: given as Record<string, string> }
}

async function complete(deps: HandlerDeps, found: Completed, asked: Asked, caller: Caller): Promise<Outcome> {
  const suggest = Object.hasOwn(found.complete, asked.argument) ? found.complete[asked.argument] : undefined
  if (suggest === undefined) return completion(deps, caller, [])
  const ended = await withDeadline(deps.callMs, caller.gone, (running) => {
    const context = contextOf(caller, running, deps.clock.now)
    return suggest(asked.typed, Object.assign(context, found.domain(caller.principal), { given: asked.given }))
  })
  if (ended.kind !== 'done') return unfinished(deps.envelope, caller, { kind: 'completion', name: found.name }, ended)
  return completion(deps, caller, ended.value)
}

function completion(deps: HandlerDeps, caller: Caller, all: readonly string[]): Outcome {
  const values = all.slice(0, MAX_VALUES)
  const found = { values, total: all.length, hasMore: all.length > values.length }
  const members = `"completion":${JSON.stringify(found)}`
  return { kind: 'result', json: deps.envelope.result(caller.revision, members) }
}
