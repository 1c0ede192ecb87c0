import { ListChanged, ResourceTouched } from '../events.ts'
import { fixture, NOTHING } from '../fixture.ts'
import { announce } from '../outbox.ts'

/** Tools that make a server tell of changes. */
export const listTools = [
  fixture({
    name: 'test_trigger_tool_change',
    description: 'Says that the list of tools changed.',
    input: NOTHING,
    run: async (_input, context) => {
      await announce(context, ListChanged, { list: 'tools' })
      return 'The list of tools changed.'
    },
  }),
  fixture({
    name: 'test_trigger_prompt_change',
    description: 'Says that the list of prompts changed.',
    input: NOTHING,
    run: async (_input, context) => {
      await announce(context, ListChanged, { list: 'prompts' })
      return 'The list of prompts changed.'
    },
  }),
  fixture({
    name: 'test_trigger_resource_change',
    description: 'Says that the watched resource changed.',
    input: NOTHING,
    run: async (_input, context) => {
      await announce(context, ResourceTouched, { path: 'watched-resource' })
      return 'The watched resource changed.'
    },
  }),
]
