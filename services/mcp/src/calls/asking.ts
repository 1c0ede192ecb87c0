import { CODES } from '../errors.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES } from '../protocol/revisions.ts'
import { AnswerInvalid, CapabilityMissing, InputRequired } from './asker.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'

/** How a call ended that asked its client. */
export interface AskedEnd {
  /** A stable code for the log. */
  readonly reason: 'input.required' | 'capability.missing' | 'answer.invalid'
  readonly answer: Outcome
}

/** What to tell when a handler was left because of a question; `undefined` for every other error. */
export function askedEnd(envelope: Envelope, caller: Caller, error: unknown): AskedEnd | undefined {
  if (error instanceof InputRequired)
    return { reason: 'input.required', answer: inputRequired(envelope, caller, error) }
  if (error instanceof CapabilityMissing)
    return { reason: 'capability.missing', answer: capabilityMissing(caller, error) }
  if (error instanceof AnswerInvalid) {
    return { reason: 'answer.invalid', answer: refusedWith(CODES.invalidParams, error.message) }
  }
  return undefined
}

function inputRequired(envelope: Envelope, { revision }: Caller, { requests, state }: InputRequired): Outcome {
  const members = [
    ...(Object.keys(requests).length === 0 ? [] : [`"inputRequests":${JSON.stringify(requests)}`]),
    ...(state === undefined ? [] : [`"requestState":${JSON.stringify(state)}`]),
  ]
  return { kind: 'result', json: envelope.result(revision, members.join(','), 'input_required') }
}

/** MCP 2026-07-28, basic `_meta`: HTTP 400 with what is missing. Earlier revisions have no code for it. */
export function capabilityMissing({ revision }: Pick<Caller, 'revision'>, { required }: CapabilityMissing): Outcome {
  const names = Object.keys(required).join(', ')
  if (!FEATURES[revision].stateless) {
    return refusedWith(CODES.invalidRequest, `This needs a client that declares ${names}.`)
  }
  return {
    kind: 'refused',
    refused: {
      status: 400,
      code: CODES.missingCapability,
      message: `The client did not declare ${names}.`,
      data: { requiredCapabilities: required },
    },
  }
}
