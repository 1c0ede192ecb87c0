import type { z } from 'zod'

/** RFC 5424 severities, as MCP names them; least severe first. */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A form for the client's person. Never for a password, a key or payment data: those belong on a page (`url`); a call that asks for them fails. */
export interface FormRequest<F extends z.ZodObject = z.ZodObject> {
  readonly method: 'elicitation/create'
  readonly mode: 'form'
  readonly message: string
  /** What the answer has to fit; extra members are dropped. */
  readonly form: F
  /** Sent instead of the schema made from `form`. Flat, members of primitive types (MCP, elicitation, requested schema). */
  readonly schema?: Readonly<Record<string, unknown>>
}

/** A page for the client's person. Who opens it has to be proven there, and to be the person who asked: `createPageTickets`. */
export interface UrlRequest {
  readonly method: 'elicitation/create'
  readonly mode: 'url'
  readonly message: string
  readonly url: string
}

/** A completion by the client's model. Untrusted text. */
export interface SamplingRequest {
  readonly method: 'sampling/createMessage'
  readonly params: {
    readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: unknown }[]
    readonly maxTokens: number
    readonly systemPrompt?: string
  } & Readonly<Record<string, unknown>>
}

export interface RootsRequest {
  readonly method: 'roots/list'
}

export type InputRequest = FormRequest | UrlRequest | SamplingRequest | RootsRequest

export type FormAnswer<T> =
  | { readonly action: 'accept'; readonly content: T }
  | { readonly action: 'decline' | 'cancel' }

/** What each kind of request is answered with. */
export type AnswerOf<R extends InputRequest> =
  R extends FormRequest<infer F>
    ? FormAnswer<z.output<F>>
    : R extends UrlRequest
      ? { readonly action: 'accept' | 'decline' | 'cancel' }
      : R extends SamplingRequest
        ? { readonly role: string; readonly content: unknown; readonly model: string; readonly stopReason?: string }
        : { readonly roots: readonly { readonly uri: string; readonly name?: string }[] }

export type Answers<R extends Readonly<Record<string, InputRequest>>> = { readonly [K in keyof R]: AnswerOf<R[K]> }

/** `ask({ user: form('What is your name?', z.object({ name: z.string() })) })` */
export const form = <F extends z.ZodObject>(
  message: string,
  fields: F,
  schema?: Readonly<Record<string, unknown>>,
): FormRequest<F> => ({
  method: 'elicitation/create',
  mode: 'form',
  message,
  form: fields,
  ...(schema === undefined ? {} : { schema }),
})

export const page = (message: string, url: string): UrlRequest => ({
  method: 'elicitation/create',
  mode: 'url',
  message,
  url,
})

export const sample = (params: SamplingRequest['params']): SamplingRequest => ({
  method: 'sampling/createMessage',
  params,
})

export const roots = (): RootsRequest => ({ method: 'roots/list' })
