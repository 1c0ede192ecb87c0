import { type FormAnswer, form, type InputRequest, roots, sample } from '@gatehouse/catalog'
import { z } from 'zod'
import { fixture, NOTHING } from '../fixture.ts'

const name = form('What is your name?', z.object({ name: z.string() }))
const ok = form('Please confirm', z.object({ ok: z.boolean() }))
const question = (text: string, maxTokens: number) =>
  sample({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens })

const nameOf = (answer: FormAnswer<{ readonly name: string }>): string =>
  answer.action === 'accept' ? answer.content.name : 'nobody'
const textOf = (content: unknown): string => z.object({ text: z.string() }).safeParse(content).data?.text ?? 'no text'
const listed = (found: readonly { readonly uri: string }[]): string =>
  `${found.length} roots: ${found.map(({ uri }) => uri).join(', ')}`

/** Tools that cannot go on without the client (MCP 2026-07-28, multi round-trip requests). */
export const inputRequiredTools = [
  fixture({
    name: 'test_input_required_result_elicitation',
    description: 'Asks for a name and greets by it.',
    input: NOTHING,
    run: async (_input, { ask }) => `Hello, ${nameOf((await ask({ user_name: name })).user_name)}!`,
  }),
  fixture({
    name: 'test_input_required_result_sampling',
    description: "Asks the client's model for a capital.",
    input: NOTHING,
    run: async (_input, { ask }) => {
      const { capital_question } = await ask({ capital_question: question('What is the capital of France?', 100) })
      return `The model said: ${textOf(capital_question.content)}`
    },
  }),
  fixture({
    name: 'test_input_required_result_list_roots',
    description: 'Asks for the roots of the client.',
    input: NOTHING,
    run: async (_input, { ask }) =>
      `The client has ${listed((await ask({ client_roots: roots() })).client_roots.roots)}`,
  }),
  fixture({
    name: 'test_input_required_result_request_state',
    description: 'Asks, and says that its state came back whole.',
    input: NOTHING,
    run: async (_input, { ask }) => {
      const { confirm } = await ask({ confirm: ok })
      return `state-ok, ${confirm.action}`
    },
  }),
  fixture({
    name: 'test_input_required_result_multiple_inputs',
    description: 'Asks the person, the model and for the roots at once.',
    input: NOTHING,
    run: async (_input, { ask }) => {
      const answers = await ask({
        user_name: name,
        greeting: question('Generate a greeting', 50),
        client_roots: roots(),
      })
      const greeting = textOf(answers.greeting.content)
      return `${nameOf(answers.user_name)}: ${greeting}; ${listed(answers.client_roots.roots)}`
    },
  }),
  fixture({
    name: 'test_input_required_result_multi_round',
    description: 'Asks for a name, then for a colour.',
    input: NOTHING,
    run: async (_input, { ask }) => {
      const { step1 } = await ask({ step1: form('Step 1: What is your name?', z.object({ name: z.string() })) })
      const { step2 } = await ask({
        step2: form('Step 2: What is your favourite colour?', z.object({ color: z.string() })),
      })
      const color = step2.action === 'accept' ? step2.content.color : 'no colour'
      return `${nameOf(step1)} likes ${color}.`
    },
  }),
  fixture({
    name: 'test_input_required_result_tampered_state',
    description: 'Asks; a state that was changed is refused.',
    input: NOTHING,
    run: async (_input, { ask }) => `Confirmed: ${(await ask({ confirm: ok })).confirm.action}`,
  }),
  fixture({
    name: 'test_input_required_result_capabilities',
    description: 'Asks only for what the client says it can do.',
    input: NOTHING,
    run: async (_input, { ask, client }) => {
      const requests: Record<string, InputRequest> = {
        ...(client.capabilities.elicitation === undefined ? {} : { user_name: name }),
        ...(client.capabilities.sampling === undefined ? {} : { greeting: question('Generate a greeting', 50) }),
      }
      return `Answered: ${Object.keys(await ask(requests)).join(', ')}`
    },
  }),
]
