import type { InputRequest } from '@gatehouse/catalog'
import { z } from 'zod'
import type { WireRequest } from '../calls/asker.ts'
import { readAnswers } from '../calls/input-requests.ts'
import type { TaskInput } from './task.ts'

/**
 * The answers to what is outstanding; those to anything else are left out. Each is held against its question as it went out, since the
 * node that answers `tasks/update` need not be the one that asked. @throws AnswerInvalid: then none of them is taken
 */
export function judgeAnswers(
  inputs: readonly TaskInput[],
  given: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, unknown> {
  const taken = new Map<string, unknown>()
  for (const input of inputs) {
    if ('response' in input || !Object.hasOwn(given, input.key)) continue
    taken.set(input.key, readAnswers({ [input.key]: askedBy(input.request) }, given)[input.key])
  }
  return taken
}

function askedBy({ method, params }: WireRequest): InputRequest {
  if (method === 'roots/list') return { method }
  if (method === 'sampling/createMessage') return { method, params: { messages: [], maxTokens: 0 } }
  if (params.mode === 'url') return { method, mode: 'url', message: '', url: '' }
  return { method, mode: 'form', message: '', form: formOf(params.requestedSchema) }
}

/** Members beside those of the schema pass: a client may send more, and the tool that asked drops it. */
function formOf(schema: unknown): z.ZodObject {
  const made = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  return made instanceof z.ZodObject ? made.loose() : z.looseObject({})
}
