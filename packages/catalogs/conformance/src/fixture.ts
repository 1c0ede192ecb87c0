import { setTimeout as pause } from 'node:timers/promises'
import { type Call, type Content, defineTool, reply, type Tool, type ToolReply } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Fixtures } from './domain.ts'
import { text } from './samples.ts'

export const SCOPES = ['conformance:use']

export const NOTHING = z.object({})

type Fixture<I extends z.ZodObject> = Pick<Tool<Fixtures, I>, 'name' | 'description' | 'input'> &
  Partial<Pick<Tool<Fixtures, I>, 'task' | 'inputSchema' | 'confirm' | 'scopes'>> & {
    run(input: z.output<I>, context: Call & Fixtures): Promise<string | readonly Content[] | ToolReply>
  }

/** A tool of the suite: it answers with text, or with blocks of its own. */
export function fixture<I extends z.ZodObject>({ run, ...tool }: Fixture<I>) {
  return defineTool<Fixtures>()({
    scopes: SCOPES,
    ...tool,
    title: tool.name.replaceAll('_', ' '),
    effect: 'reads',
    async run(input, context) {
      const said = await run(input, context)
      if (typeof said === 'string') return reply([text(said)])
      return isBlocks(said) ? reply(said) : said
    },
  })
}

// `Array.isArray` does not narrow to readonly arrays.
const isBlocks = (said: readonly Content[] | ToolReply): said is readonly Content[] => Array.isArray(said)

/** @throws AbortError when the call ends meanwhile */
export const wait = (ms: number, { signal }: Pick<Call, 'signal'>): Promise<void> => pause(ms, undefined, { signal })
