import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { Sealer } from '@gatehouse/keyring'
import type { Principal } from '@gatehouse/policy'
import { z } from 'zod'
import { isObject, type Params, type RpcRequest } from '../protocol/classify.ts'
import { AnswerInvalid, type Asker, InputRequired, type WireRequest } from './asker.ts'
import { argumentsSha256 } from './event.ts'

/** The methods whose result may ask for input (MCP 2026-07-28, multi round-trip requests). */
export const ASKING_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read'])

/** Short: it lasts while a person fills in a form. */
const TTL_MS = 15 * 60_000
/** Answers of earlier rounds come back with each request, so they have to fit well into a body. */
const MAX_STATE_CHARS = 65_536
const MAX_ANSWERS = 64

const state = z.object({
  /** Of all rounds: it names what a confirmation among them agrees to. */
  dialogue: z.string(),
  /** Milliseconds since the epoch; that of the first round, so that no later state outlives what the dialogue's id is remembered for. */
  until: z.number(),
  /** Answers of earlier rounds, by key and digest of what was asked. */
  answered: z.record(z.string(), z.unknown()),
  /** Digests of what was asked last, by key. */
  asked: z.record(z.string(), z.string()),
})
type State = z.output<typeof state>

export interface MrtrDeps {
  readonly sealer: Pick<Sealer, 'seal' | 'openFresh'>
  readonly clock: Clock
}

/**
 * Multi round-trip requests: the questions go out as the result, the answers come with the same request sent again, to any node. What was
 * answered before travels inside `requestState`, sealed for this principal, method, name and arguments, for a while. Answers that come
 * without a state are taken as they are: the client could say all of them anyway.
 */
export async function askerFor(deps: MrtrDeps, request: RpcRequest, principal: Principal): Promise<Asker> {
  const { inputResponses, requestState } = request.params
  if (inputResponses !== undefined && !isObject(inputResponses)) return faulty('inputResponses must be an object.')
  const answers = inputResponses ?? {}
  if (Object.keys(answers).length > MAX_ANSWERS) return faulty(`At most ${MAX_ANSWERS} inputResponses.`)
  if (requestState === undefined) return askerWith(deps, request, principal, undefined, answers)
  const before = await openState(deps, request, principal, requestState)
  return before === undefined
    ? faulty('The requestState is not valid for this request, or no longer.')
    : askerWith(deps, request, principal, before, answers)
}

/** The same for a request that carries nothing of earlier rounds: without waiting. */
export const firstAsker = (deps: MrtrDeps, request: RpcRequest, principal: Principal): Asker =>
  askerWith(deps, request, principal, undefined, {})

export const carriesAnswers = ({ inputResponses, requestState }: Params): boolean =>
  inputResponses !== undefined || requestState !== undefined

const faulty = (fault: string): Asker => ({ fault, ask: () => Promise.reject(new Error(fault)) })

async function openState(
  deps: MrtrDeps,
  request: RpcRequest,
  principal: Principal,
  sealed: unknown,
): Promise<State | undefined> {
  if (typeof sealed !== 'string' || sealed.length > MAX_STATE_CHARS) return undefined
  const plain = await deps.sealer.openFresh(aboutOf(request, principal), sealed)
  if (plain === undefined) return undefined
  const read = state.parse(JSON.parse(plain.toString('utf8')))
  return read.until > deps.clock.now() ? read : undefined
}

/** What a state belongs to: presented by another principal, or on another request, it does not open. */
function aboutOf({ method, params }: RpcRequest, { tenant, kind, subject, client }: Principal): string {
  const { name, uri, arguments: given } = params
  return JSON.stringify([
    'state',
    method,
    name ?? uri ?? null,
    argumentsSha256(given ?? {}),
    tenant,
    kind,
    subject,
    client ?? null,
  ])
}

function askerWith(
  deps: MrtrDeps,
  request: RpcRequest,
  principal: Principal,
  before: State | undefined,
  answers: Readonly<Record<string, unknown>>,
): Asker {
  return new RoundAsker(deps, request, principal, before, answers)
}

/** One is there for every call, and most are never asked anything. */
class RoundAsker implements Asker {
  readonly dialogue: Asker['dialogue']
  readonly #deps: MrtrDeps
  readonly #request: RpcRequest
  readonly #principal: Principal
  readonly #before: State | undefined
  readonly #answers: Readonly<Record<string, unknown>>
  #answered: Record<string, unknown> | undefined

  constructor(
    deps: MrtrDeps,
    request: RpcRequest,
    principal: Principal,
    before: State | undefined,
    answers: Readonly<Record<string, unknown>>,
  ) {
    this.dialogue = before && { id: before.dialogue, expiresAt: new Date(before.until) }
    this.#deps = deps
    this.#request = request
    this.#principal = principal
    this.#before = before
    this.#answers = answers
  }

  async ask(...[requests, _signal, check, how]: Parameters<Asker['ask']>): Promise<Record<string, unknown>> {
    this.#answered ??= { ...this.#before?.answered }
    const answered = this.#answered
    const found: Record<string, unknown> = {}
    const pending: Record<string, WireRequest> = {}
    const asked: Record<string, string> = {}
    for (const [key, wire] of Object.entries(requests)) {
      const digest = digestOf(wire)
      const hasToBeAsked = how?.asked === true
      const place = `${hasToBeAsked ? 'asked' : 'told'} ${digest} ${key}`
      if (this.#answersTo(key, digest, hasToBeAsked)) {
        check(key, this.#answers[key])
        answered[place] = this.#answers[key]
      }
      if (Object.hasOwn(answered, place)) found[key] = answered[place]
      else {
        pending[key] = wire
        asked[key] = digest
      }
    }
    const [first] = Object.keys(pending)
    if (first === undefined) return found
    const before = this.#before
    const next: State = {
      dialogue: before?.dialogue ?? randomBytes(16).toString('base64url'),
      until: before?.until ?? this.#deps.clock.now() + TTL_MS,
      answered,
      asked,
    }
    const sealed = this.#deps.sealer.seal(aboutOf(this.#request, this.#principal), JSON.stringify(next))
    if (sealed.length > MAX_STATE_CHARS) throw new AnswerInvalid(first, 'the answers are too large together.')
    throw new InputRequired(pending, sealed)
  }

  /**
   * Whether the answer under this key is one to this very question: who was shown another text has not agreed to this one. What was never
   * asked is answered too, unless it has to be.
   */
  #answersTo(key: string, digest: string, hasToBeAsked: boolean): boolean {
    if (!Object.hasOwn(this.#answers, key)) return false
    const before = this.#before
    const asked = before !== undefined && Object.hasOwn(before.asked, key) ? before.asked[key] : undefined
    return asked === digest || (asked === undefined && !hasToBeAsked)
  }
}

const digestOf = (wire: WireRequest): string =>
  createHash('sha256').update(JSON.stringify(wire)).digest('base64url').slice(0, 22)
