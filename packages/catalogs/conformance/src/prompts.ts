import { type Content, definePrompt, form, type PromptMessage } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Fixtures } from './domain.ts'
import { NOTHING, SCOPES } from './fixture.ts'
import { image, text } from './samples.ts'

const prompt = definePrompt<Fixtures>()

const messages = (...blocks: readonly Content[]): readonly PromptMessage[] =>
  blocks.map((content) => ({ role: 'user', content }))

const startingWith = (typed: string, ...values: readonly string[]): readonly string[] =>
  values.filter((value) => value.startsWith(typed))

export const prompts = [
  prompt({
    name: 'test_simple_prompt',
    title: 'Simple prompt',
    description: 'One message of text.',
    scopes: SCOPES,
    arguments: NOTHING,
    get: async () => messages(text('This is a simple prompt for testing.')),
  }),
  prompt({
    name: 'test_prompt_with_arguments',
    title: 'Prompt with arguments',
    description: 'Says which arguments it was given.',
    scopes: SCOPES,
    arguments: z.object({
      arg1: z.string().describe('First test argument'),
      arg2: z.string().describe('Second test argument'),
    }),
    complete: {
      arg1: async (typed) => startingWith(typed, 'testValue1', 'testing', 'other'),
      arg2: async (typed) => startingWith(typed, 'testValue2'),
    },
    get: async ({ arg1, arg2 }) => messages(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  }),
  prompt({
    name: 'test_prompt_with_embedded_resource',
    title: 'Prompt with a resource',
    description: 'Embeds the resource that it is told of.',
    scopes: SCOPES,
    arguments: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
    get: async ({ resourceUri }) =>
      messages(
        {
          type: 'resource',
          resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        },
        text('Please process the embedded resource above.'),
      ),
  }),
  prompt({
    name: 'test_prompt_with_image',
    title: 'Prompt with a picture',
    description: 'A picture, and what to do with it.',
    scopes: SCOPES,
    arguments: NOTHING,
    get: async () => messages(image, text('Please analyze the image above.')),
  }),
  prompt({
    name: 'test_input_required_result_prompt',
    title: 'Prompt that asks',
    description: 'Cannot be made without the person.',
    scopes: SCOPES,
    arguments: NOTHING,
    get: async (_args, { ask }) => {
      const { user_context } = await ask({
        user_context: form('What context should the prompt use?', z.object({ context: z.string() })),
      })
      const context = user_context.action === 'accept' ? user_context.content.context : 'none'
      return messages(text(`Use this context: ${context}`))
    },
  }),
]
