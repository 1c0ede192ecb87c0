/** A request to the client as it goes over the wire, shaped for the revision in use. */
export interface WireRequest {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list'
  readonly params: Readonly<Record<string, unknown>>
}

/**
 * How the client of one call is asked. `contextOf` has checked before that the client declared what is asked for, and checks afterwards
 * that the answers fit (`input-requests.ts`): an asker only carries them.
 */
export interface Asker {
  /** What came with the request in the name of earlier questions cannot be used: the call is refused with it as -32602, nothing runs. */
  readonly fault?: string
  /**
   * What this call's questions and answers are one of: drawn at the first question and kept through all rounds, in the sealed state where
   * they are requests of their own. It names the agreement that a confirmation gives. Known once an answer to what was `asked` is there;
   * absent where question and answer are of one call, which is then the whole of it.
   */
  readonly dialogue?: Dialogue | undefined
  /**
   * The answers by key, as the client sent them. The call's deadline stands still meanwhile. With `asked`, an answer that came without
   * its question (a first request with `inputResponses`, or a key that the state did not ask) is none: the question is asked.
   * @param check throws AnswerInvalid for an answer that does not fit; an asker may hold on to the question then, or pass it on
   * @throws InputRequired when the answers come with another request; AnswerInvalid when the client refused to answer at all
   */
  ask(
    requests: Readonly<Record<string, WireRequest>>,
    signal: AbortSignal,
    check: (key: string, answer: unknown) => void,
    how?: { readonly asked: true },
  ): Promise<Readonly<Record<string, unknown>>>
}

export interface Dialogue {
  /** 128 random bits or more. */
  readonly id: string
  /** After it the answers are not taken any more. */
  readonly expiresAt: Date
}

/** Leaves a handler: the answers to these requests come with a later request, which runs it again. */
export class InputRequired extends Error {
  readonly requests: Readonly<Record<string, WireRequest>>
  /** Sealed: what was answered so far, and what it belongs to. */
  readonly state: string | undefined

  constructor(requests: Readonly<Record<string, WireRequest>>, state?: string) {
    super('the client has to be asked first')
    this.name = 'InputRequired'
    this.requests = requests
    this.state = state
  }
}

/** The client did not declare what a question needs. `required` is a `ClientCapabilities` object. */
export class CapabilityMissing extends Error {
  readonly required: Readonly<Record<string, unknown>>

  constructor(required: Readonly<Record<string, unknown>>) {
    super(`the client did not declare ${Object.keys(required).join(', ')}`)
    this.name = 'CapabilityMissing'
    this.required = required
  }
}

/** An answer is not one to what was asked. Its message reaches the client: it never quotes the answer. */
export class AnswerInvalid extends Error {
  constructor(key: string, why: string) {
    super(`inputResponses["${key}"]: ${why}`)
    this.name = 'AnswerInvalid'
  }
}

/** For clients that cannot be asked. `contextOf` has refused before, since they declare nothing. */
export const NO_ASKER: Asker = { ask: () => Promise.reject(new CapabilityMissing({ elicitation: {} })) }
