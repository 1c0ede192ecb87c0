import type { Answers, ClientFacts, FormRequest, InputRequest, SamplingRequest } from '@gatehouse/catalog'
import { z } from 'zod'
import { isObject } from '../protocol/classify.ts'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import { AnswerInvalid, type WireRequest } from './asker.ts'
import { formFault, isFormFormat, messagesFault, secretAskedFor } from './judge-requests.ts'

type Requests = Readonly<Record<string, InputRequest>>

/**
 * What these requests need that the client did not declare, as a `ClientCapabilities` object; `undefined` when they may be sent. What the
 * revision does not have counts as not declared.
 */
export function missingCapabilities(
  requests: Requests,
  { capabilities }: ClientFacts,
  revision: Revision,
): Readonly<Record<string, unknown>> | undefined {
  const missing: Record<string, Record<string, unknown>> = {}
  for (const request of Object.values(requests)) {
    for (const [kind, part] of neededBy(request)) {
      if (declares(capabilities[kind], kind, part, revision)) continue
      missing[kind] ??= {}
      if (part !== undefined) missing[kind][part] = {}
    }
  }
  return Object.keys(missing).length === 0 ? undefined : missing
}

type Need = readonly [kind: 'elicitation' | 'sampling' | 'roots', part?: string]

function neededBy(request: InputRequest): readonly Need[] {
  switch (request.method) {
    case 'roots/list':
      return [['roots']]
    case 'sampling/createMessage':
      return samplingNeeds(request.params)
    case 'elicitation/create':
      return request.mode === 'url' ? [['elicitation', 'url']] : [['elicitation']]
  }
}

function samplingNeeds({ tools, toolChoice, includeContext }: SamplingRequest['params']): readonly Need[] {
  return [
    ['sampling'],
    ...(tools === undefined && toolChoice === undefined ? [] : [['sampling', 'tools'] as const]),
    ...(includeContext === undefined || includeContext === 'none' ? [] : [['sampling', 'context'] as const]),
  ]
}

function declares(declared: unknown, kind: Need[0], part: string | undefined, revision: Revision): boolean {
  const features = FEATURES[revision]
  if (!isObject(declared) || (kind === 'elicitation' && !features.elicitation)) return false
  // Without any mode, elicitation is that by form; a client that names only `url` has no form.
  if (part === undefined) {
    return kind !== 'elicitation' || !features.parts || isObject(declared.form) || declared.url === undefined
  }
  return features.parts && isObject(declared[part])
}

/** The requests as the revision writes them. @throws TypeError for a page, a form or messages that may not be sent */
export function wireRequests(requests: Requests, revision: Revision): Readonly<Record<string, WireRequest>> {
  return Object.fromEntries(Object.entries(requests).map(([key, request]) => [key, wireRequest(request, revision)]))
}

function wireRequest(request: InputRequest, revision: Revision): WireRequest {
  const { method } = request
  if (request.method === 'roots/list') return { method, params: {} }
  if (request.method === 'sampling/createMessage') return { method, params: checkedSampling(request.params) }
  const { message } = request
  if (request.mode === 'url') return { method, params: { mode: 'url', message, url: checkedPage(request.url) } }
  const { parts } = FEATURES[revision]
  const requestedSchema = checkedForm(request.schema ?? formSchema(request))
  return {
    method,
    params: {
      ...(parts ? { mode: 'form' } : {}),
      message,
      requestedSchema: parts ? requestedSchema : plainForm(requestedSchema),
    },
  }
}

function checkedForm(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const secret = secretAskedFor(schema)
  if (secret !== undefined) throw new TypeError(`a form does not ask for "${secret}": secrets are asked for on a page`)
  const fault = formFault(schema)
  if (fault !== undefined) throw new TypeError(fault)
  return schema
}

function checkedSampling(params: SamplingRequest['params']): SamplingRequest['params'] {
  const fault = messagesFault(params.messages)
  if (fault !== undefined) throw new TypeError(`messages for a model: ${fault}`)
  return params
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** A page is https, or on this machine, and its address holds no credentials. */
function checkedPage(url: string): string {
  const parsed = new URL(url)
  const local = parsed.protocol === 'http:' && LOOPBACK.has(parsed.hostname)
  if ((parsed.protocol !== 'https:' && !local) || parsed.username !== '' || parsed.password !== '') {
    throw new TypeError('a page to be shown has an https address without credentials')
  }
  return url
}

const schemas = new WeakMap<z.ZodObject, Readonly<Record<string, unknown>>>()

function formSchema({ form }: FormRequest): Readonly<Record<string, unknown>> {
  const known = schemas.get(form)
  if (known !== undefined) return known
  const { properties = {}, required } = z.toJSONSchema(form, { target: 'draft-2020-12', io: 'input' })
  const made = {
    type: 'object',
    properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, primitive(of)])),
    ...(required === undefined || required.length === 0 ? {} : { required }),
  }
  schemas.set(form, made)
  return made
}

/** Members of a form are of few keywords: what only narrows further is left out, since the answer is held against `form` itself. */
function primitive(schema: unknown): unknown {
  if (!isObject(schema)) return schema
  const { pattern: _, exclusiveMinimum: __, exclusiveMaximum: ___, multipleOf: ____, ...kept } = schema
  const { minimum, maximum, format, ...rest } = kept
  return {
    ...rest,
    ...(format === undefined || !isFormFormat(format) ? {} : { format }),
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  }
}

/** A form for 2025-06-18: defaults are for booleans alone, and titled choices are `enum` with `enumNames`. */
function plainForm(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const properties = isObject(schema.properties) ? schema.properties : {}
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, plainMember(of)])),
  }
}

function plainMember(schema: unknown): unknown {
  if (!isObject(schema)) return schema
  const { default: preset, oneOf, ...rest } = schema
  const choices = Array.isArray(oneOf) ? oneOf.filter(isObject) : undefined
  return {
    ...rest,
    ...(choices === undefined
      ? {}
      : { enum: choices.map((choice) => choice.const), enumNames: choices.map((choice) => choice.title) }),
    ...(schema.type === 'boolean' && preset !== undefined ? { default: preset } : {}),
  }
}

/** The answers, each checked against what was asked. @throws AnswerInvalid */
export function readAnswers<const R extends Requests>(
  requests: R,
  answers: Readonly<Record<string, unknown>>,
): Answers<R> {
  const read = Object.entries(requests).map(([key, request]) => [
    key,
    readAnswer(key, request, Object.hasOwn(answers, key) ? answers[key] : undefined),
  ])
  return Object.fromEntries(read) as Answers<R>
}

const sampled = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.looseObject({ type: z.string() }), z.array(z.looseObject({ type: z.string() }))]),
  model: z.string(),
  stopReason: z.string().optional(),
})
const rooted = z.object({
  roots: z.array(z.object({ uri: z.string().startsWith('file://'), name: z.string().optional() })),
})

/** @throws AnswerInvalid for an answer that does not fit what was asked under its key */
export function readAnswer(key: string, request: InputRequest | undefined, answer: unknown): unknown {
  if (request === undefined) throw new AnswerInvalid(key, 'nothing was asked under it.')
  if (!isObject(answer)) throw new AnswerInvalid(key, 'an object is expected.')
  if (request.method === 'sampling/createMessage') return fitting(key, sampled, answer)
  if (request.method === 'roots/list') return fitting(key, rooted, answer)
  const { action } = answer
  if (action === 'decline' || action === 'cancel') return { action }
  if (action !== 'accept') throw new AnswerInvalid(key, 'action must be accept, decline or cancel.')
  return request.mode === 'url' ? { action } : { action, content: fitting(key, request.form, answer.content ?? {}) }
}

const MAX_FAULTS = 5

function fitting(key: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.slice(0, MAX_FAULTS).map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new AnswerInvalid(key, faults.join('; ').slice(0, 500))
}
