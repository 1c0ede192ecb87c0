import { form, ToolFailure } from '@gatehouse/catalog'
import { z } from 'zod'
import { fixture, NOTHING, wait } from '../fixture.ts'

const JOB_MS = 1_000

const userName = form('What is your name?', z.object({ name: z.string() }))
const detail = z.object({ name: z.string() })

/** Tools that run as tasks (extension `io.modelcontextprotocol/tasks`). */
export const taskTools = [
  fixture({
    name: 'greet',
    description: 'Greets at once.',
    input: z.object({ name: z.string().describe('Whom.') }),
    run: async ({ name }) => `Hello, ${name}!`,
  }),
  fixture({
    name: 'slow_compute',
    description: 'Takes as long as it is told.',
    task: 'optional',
    input: z.object({
      seconds: z.number().min(0).max(600).describe('How long.'),
      label: z.string().optional().describe('What the result is called.'),
    }),
    run: async ({ seconds, label }, context) => {
      await wait(seconds * 1_000, context)
      return `${label ?? 'The computation'} took ${seconds} s.`
    },
  }),
  fixture({
    name: 'failing_job',
    description: 'Fails after a second, as tools do.',
    task: 'required',
    input: NOTHING,
    run: async (_input, context) => {
      await wait(JOB_MS, context)
      throw new ToolFailure('job.failed', 'The job failed.')
    },
  }),
  fixture({
    name: 'protocol_error_job',
    description: 'Fails as no tool should.',
    task: 'required',
    input: NOTHING,
    run: async () => {
      throw new Error('a fault that nobody foresaw')
    },
  }),
  fixture({
    name: 'confirm_delete',
    description: 'Asks before it would delete.',
    task: 'optional',
    input: z.object({ filename: z.string().describe('What to delete.') }),
    run: async ({ filename }, { ask }) => {
      const { confirm } = await ask({ confirm: form(`Delete ${filename}?`, z.object({ confirm: z.boolean() })) })
      return confirm.action === 'accept' && confirm.content.confirm ? `Deleted ${filename}.` : `Kept ${filename}.`
    },
  }),
  fixture({
    name: 'multi_input',
    description: 'Asks two things at once.',
    task: 'optional',
    input: NOTHING,
    run: async (_input, { ask }) => {
      const { first, second } = await ask({
        first: form('The first name?', detail),
        second: form('The second name?', detail),
      })
      const names = [first, second].map((answer) => (answer.action === 'accept' ? answer.content.name : answer.action))
      return names.join(' and ')
    },
  }),
  fixture({
    name: 'test_tool_with_task',
    description: 'Asks for a name, and greets as a task.',
    task: 'required',
    input: NOTHING,
    // Asked on the call: the task is made when the answer is there, and knows it.
    confirm: async (_input, { ask }) => {
      await ask({ user_name: userName })
      return undefined
    },
    run: async (_input, { ask }) => {
      const { user_name } = await ask({ user_name: userName })
      return `Hello, ${user_name.action === 'accept' ? user_name.content.name : 'nobody'}!`
    },
  }),
]
