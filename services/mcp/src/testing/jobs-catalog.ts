import { setTimeout as pause } from 'node:timers/promises'
import { defineCatalog, defineTool, form, reply, ToolFailure, takeClaim } from '@gatehouse/catalog'
import { type Database, type Schema, sql, type Tx } from '@gatehouse/database'
import { z } from 'zod'

export const jobsSchema: Schema = {
  name: 'jobs',
  role: 'gatehouse_mcp',
  migrations: new URL('./jobs/', import.meta.url),
}

/** Tools that run as tasks, for this service's own tests. What they did stands in the table `jobs.runs`, for all nodes. */
export interface Jobs {
  note(tool: string, note: string, phase: 'begun' | 'done'): Promise<void>
  act(body: (tx: Tx) => Promise<void>): Promise<void>
}

const tool = defineTool<Jobs>()
const scopes = ['notes:read']
const timed = z.object({ note: z.string().default(''), ms: z.number().int().min(0).default(0) })

const read = tool({
  name: 'job_read',
  title: 'Read slowly',
  description: 'Takes its time; does no harm twice.',
  scopes,
  effect: 'reads',
  task: 'optional',
  input: timed,
  output: z.object({ note: z.string() }),
  run: async ({ note, ms }, { note: tell, signal }) => {
    await tell('job_read', note, 'begun')
    await pause(ms, undefined, { signal })
    await tell('job_read', note, 'done')
    return { note }
  },
})
const write = tool({
  name: 'job_write',
  title: 'Write slowly',
  description: 'Takes its time; must not run twice.',
  scopes: ['notes:write'],
  permissions: ['notes:write'],
  effect: 'writes',
  task: 'optional',
  input: timed,
  output: z.object({ note: z.string() }),
  run: async ({ note, ms }, { note: tell, signal }) => {
    await tell('job_write', note, 'begun')
    await pause(ms, undefined, { signal })
    await tell('job_write', note, 'done')
    return { note }
  },
})
const deaf = tool({
  name: 'job_deaf',
  title: 'Do not listen',
  description: 'Goes on when it is stopped.',
  scopes,
  effect: 'writes',
  task: 'optional',
  input: timed,
  output: z.object({}),
  run: async ({ note, ms }, { note: tell }) => {
    await tell('job_deaf', note, 'begun')
    await pause(ms)
    await tell('job_deaf', note, 'done')
    return {}
  },
})
const fail = tool({
  name: 'job_fail',
  title: 'Fail',
  description: 'Fails in a way that a caller understands, as a task only.',
  scopes,
  effect: 'reads',
  task: 'required',
  input: z.object({}),
  output: z.object({}),
  run: async () => {
    throw new ToolFailure('job.failed', 'The job failed; try another.')
  },
})
const crash = tool({
  name: 'job_crash',
  title: 'Crash',
  description: 'Fails in a way that nobody foresaw.',
  scopes,
  effect: 'reads',
  task: 'required',
  input: z.object({}),
  output: z.object({}),
  run: async () => {
    throw new Error('password=hunter2 at 10.0.0.7')
  },
})
const person = z.object({ name: z.string().min(2) })
const ask = tool({
  name: 'job_ask',
  title: 'Ask',
  description: 'Asks two things at once, then a third.',
  scopes,
  effect: 'writes',
  task: 'required',
  input: z.object({ note: z.string().default('') }),
  output: z.object({ names: z.array(z.string()) }),
  run: async ({ note }, { note: tell, ask: put, progress }) => {
    progress(1, 3, 'asking')
    const { first, second } = await put({ first: form('Who first?', person), second: form('Who second?', person) })
    progress(2, 3, 'asking more')
    const { third } = await put({ third: form('Who third?', person) })
    const names = [first, second, third].map((one) => (one.action === 'accept' ? one.content.name : one.action))
    await tell('job_ask', note, 'done')
    return { names }
  },
})
const greet = tool({
  name: 'job_greet',
  title: 'Greet',
  description: 'Asks for a name before it becomes a task.',
  scopes,
  effect: 'reads',
  task: 'required',
  input: z.object({}),
  confirm: async (_input, { ask: put }) => {
    await put({ name: form('What is your name?', person) })
    return undefined
  },
  run: async (_input, { ask: put }) => {
    const { name } = await put({ name: form('What is your name?', person) })
    return reply([{ type: 'text', text: `Hello, ${name.action === 'accept' ? name.content.name : 'stranger'}!` }])
  },
})
const erase = tool({
  name: 'job_erase',
  title: 'Erase',
  description: 'Erases something once its person has agreed.',
  scopes,
  effect: 'destroys',
  input: z.object({ what: z.string() }),
  output: z.object({ erased: z.string() }),
  confirm: async ({ what }) => ({ message: `Erase ${what}?` }),
  run: async ({ what }, { act, claim }) => {
    await act(async (tx) => {
      await takeClaim(tx, 'jobs', claim)
      await tx.run(sql`insert into jobs.runs (tool, note, phase) values ('job_erase', ${what}, 'done')`)
    })
    return { erased: what }
  },
})
const eraseLater = tool({
  ...erase,
  name: 'job_erase_later',
  title: 'Erase later',
  task: 'required',
})

export const jobsCatalog = defineCatalog<Jobs>({
  name: 'jobs',
  schema: jobsSchema,
  tools: [read, write, deaf, fail, crash, ask, greet, erase, eraseLater],
  resources: [],
  changes: [],
  open: ({ db }) => jobsOn(db),
  demo: async () => undefined,
})

export const jobsOn =
  (db: Database) =>
  ({ tenant }: { readonly tenant: string }): Jobs => ({
    note: (name, note, phase) =>
      db.asTenant(tenant, async (tx) => {
        await tx.run(sql`insert into jobs.runs (tool, note, phase) values (${name}, ${note}, ${phase})`)
      }),
    act: (body) => db.asTenant(tenant, body),
  })
