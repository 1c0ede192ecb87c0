import { form, sample } from '@gatehouse/catalog'
import { z } from 'zod'
import { fixture, NOTHING } from '../fixture.ts'

const said = (content: unknown): string => z.object({ text: z.string() }).safeParse(content).data?.text ?? 'No response'

const completed = (answer: { readonly action: string; readonly content?: unknown }): string =>
  `Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`

const options = (...pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([value, title]) => ({ const: value, title }))

const DEFAULTS = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'User name', default: 'John Doe' },
    age: { type: 'integer', description: 'User age', default: 30 },
    score: { type: 'number', description: 'User score', default: 95.5 },
    status: { type: 'string', description: 'User status', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', description: 'Verification status', default: true },
  },
  required: [],
}

const ENUMS = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', description: 'Choose one', enum: ['option1', 'option2', 'option3'] },
    titledSingle: {
      type: 'string',
      description: 'Choose one by its title',
      oneOf: options(['value1', 'First Option'], ['value2', 'Second Option'], ['value3', 'Third Option']),
    },
    legacyEnum: {
      type: 'string',
      description: 'Choose one, titles beside the values',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      description: 'Choose any',
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: {
      type: 'array',
      description: 'Choose any by their titles',
      items: { anyOf: options(['value1', 'First Choice'], ['value2', 'Second Choice'], ['value3', 'Third Choice']) },
    },
  },
  required: [],
}

/** Tools that ask the client's person or model while they run. */
export const askingTools = [
  fixture({
    name: 'test_sampling',
    description: "Asks the client's model.",
    input: z.object({ prompt: z.string().describe('What to ask the model.') }),
    run: async ({ prompt }, { ask }) => {
      const { completion } = await ask({
        completion: sample({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 }),
      })
      return `LLM response: ${said(completion.content)}`
    },
  }),
  fixture({
    name: 'test_elicitation',
    description: "Asks the client's person for a name and an address.",
    input: z.object({ message: z.string().describe('What to show to the person.') }),
    run: async ({ message }, { ask }) => {
      const { user } = await ask({
        user: form(message, z.object({ username: z.string().optional(), email: z.string().optional() }), {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        }),
      })
      const content = user.action === 'accept' ? user.content : {}
      return `User response: action=${user.action}, content=${JSON.stringify(content)}`
    },
  }),
  fixture({
    name: 'test_elicitation_sep1034_defaults',
    description: 'Asks with a form whose members have defaults.',
    input: NOTHING,
    run: async (_input, { ask }) =>
      completed((await ask({ user: form('Please review the defaults', z.looseObject({}), DEFAULTS) })).user),
  }),
  fixture({
    name: 'test_elicitation_sep1330_enums',
    description: 'Asks with a form of every kind of choice.',
    input: NOTHING,
    run: async (_input, { ask }) =>
      completed((await ask({ user: form('Please choose', z.looseObject({}), ENUMS) })).user),
  }),
  fixture({
    name: 'test_missing_capability',
    description: 'Needs a client that has a model to ask.',
    input: NOTHING,
    run: async (_input, { ask }) => {
      const { completion } = await ask({
        completion: sample({
          messages: [{ role: 'user', content: { type: 'text', text: 'Say something.' } }],
          maxTokens: 100,
        }),
      })
      return said(completion.content)
    },
  }),
  fixture({
    name: 'test_streaming_elicitation',
    description: 'Asks the person, so that the answer says what is asked instead of a request on the stream.',
    input: NOTHING,
    run: async (_input, { ask }) =>
      completed((await ask({ user: form('Please confirm', z.object({ confirm: z.boolean() })) })).user),
  }),
]
