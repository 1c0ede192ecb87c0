import {
  contents,
  defineCatalog,
  definePrompt,
  defineResource,
  defineTool,
  form,
  onEvent,
  page,
  reply,
  roots,
  sample,
} from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'

/** Says that the tools changed. */
export const ToolsChanged = defineEvent('talk.changed', 1, z.object({ id: z.string() }))

export const BYTES = Uint8Array.of(0, 255, 16, 128)
const tool = defineTool<object>()
const none = z.object({})
const about = { title: 'Talk', description: 'For the tests of this service.', scopes: ['notes:read'] }
const reads = { ...about, effect: 'reads' as const }
const name = form('What is your name?', z.object({ name: z.string().min(1) }))
const color = form('Which color?', z.object({ color: z.string() }))

const greet = tool({
  ...reads,
  name: 'greet',
  input: z.object({ loud: z.boolean().optional() }),
  async run(_input, { ask }) {
    const { user } = await ask({ user: name })
    return reply([{ type: 'text', text: user.action === 'accept' ? `Hello, ${user.content.name}!` : user.action }])
  },
})
const rounds = tool({
  ...reads,
  name: 'rounds',
  input: none,
  async run(_input, { ask }) {
    const { first } = await ask({ first: name })
    if (first.action !== 'accept') return reply([{ type: 'text', text: 'no name' }])
    const { second } = await ask({ second: color })
    const said = second.action === 'accept' ? second.content.color : 'none'
    return reply([{ type: 'text', text: `${first.content.name} likes ${said}` }])
  },
})
const everything = tool({
  ...reads,
  name: 'everything',
  input: none,
  async run(_input, { ask }) {
    const messages = [{ role: 'user' as const, content: { type: 'text', text: 'Hi' } }]
    const answers = await ask({ user: name, greeting: sample({ messages, maxTokens: 50 }), places: roots() })
    return reply([{ type: 'text', text: JSON.stringify(answers) }])
  },
})
const sampling = tool({
  ...reads,
  name: 'sampling',
  input: z.object({ tools: z.boolean().optional() }),
  async run({ tools }, { ask }) {
    const params = { messages: [], maxTokens: 1, ...(tools === true ? { tools: [] } : {}) }
    const { said } = await ask({ said: sample(params) })
    return reply([{ type: 'text', text: said.model }])
  },
})
const pages = tool({
  ...reads,
  name: 'pages',
  input: z.object({ url: z.string() }),
  async run({ url }, { ask }) {
    const { seen } = await ask({ seen: page('Look at this page.', url) })
    return reply([{ type: 'text', text: seen.action }])
  },
})
const steps = tool({
  ...reads,
  name: 'steps',
  input: z.object({ count: z.number().int().max(1_000) }),
  async run({ count }, { progress, log }) {
    for (let done = 1; done <= count; done += 1) {
      progress(done, count, `step ${done}`)
      progress(done, count)
      log(done % 2 === 0 ? 'debug' : 'warning', { done }, 'steps')
    }
    return reply([{ type: 'text', text: 'done' }])
  },
})
const media = tool({
  ...reads,
  name: 'media',
  icons: [{ src: 'https://example.com/i.png', mimeType: 'image/png', sizes: ['48x48'] }],
  input: none,
  async run() {
    const annotations = { audience: ['user' as const], priority: 1, lastModified: '2026-01-01T00:00:00Z' }
    return reply([
      { type: 'text', text: 'words', annotations },
      { type: 'image', data: BYTES, mimeType: 'image/png' },
      { type: 'audio', data: BYTES, mimeType: 'audio/wav' },
      { type: 'resource', resource: { uri: 'notes://bytes', mimeType: 'image/png', blob: BYTES } },
      { type: 'resource_link', uri: 'notes://bytes', name: 'bytes' },
    ])
  },
})
const mixed = tool({
  ...reads,
  name: 'mixed',
  input: z.object({ how: z.enum(['good', 'bad', 'error', 'array']) }),
  output: z.object({ n: z.number() }),
  async run({ how }) {
    if (how === 'error') return reply([{ type: 'text', text: 'it did not work' }], { isError: true })
    return reply([{ type: 'text', text: 'see' }], { structured: how === 'good' ? { n: 1, extra: 2 } : { n: 'x' } })
  },
})
const free = tool({
  ...reads,
  name: 'free',
  input: none,
  run: async () => reply([], { structured: [1, 2] }),
})
const region = tool({
  ...reads,
  name: 'region',
  input: z.object({
    region: z.string().nullish(),
    place: z.object({ row: z.int().optional().meta({ 'x-mcp-header': 'Row' }) }).optional(),
    dry: z.boolean().optional().meta({ 'x-mcp-header': 'Dry' }),
    zone: z.string().optional().meta({ 'x-mcp-header': 'Zone' }),
  }),
  async run() {
    return reply([{ type: 'text', text: 'routed' }])
  },
})

const prompt = definePrompt<object>()
const promptAbout = { title: 'Review', description: 'Reviews a note.', scopes: ['notes:read'] }

export const talksCatalog = defineCatalog<object>({
  name: 'talks',
  schema: { name: 'talks', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [steps, greet, rounds, everything, sampling, pages, media, mixed, free, region],
  resources: [
    defineResource<object>()({
      name: 'bytes',
      path: 'bytes',
      title: 'Bytes',
      description: 'Not text.',
      mimeType: 'image/png',
      scopes: ['notes:read'],
      subscribable: false,
      size: 4,
      annotations: { priority: 0.5, lastModified: '2026-01-01T00:00:00Z' },
      icons: [{ src: 'data:image/png;base64,AA==' }],
      read: async () => contents([{ uri: 'notes://bytes', mimeType: 'image/png', blob: BYTES }]),
    }),
    defineResource<object>()({
      name: 'asked',
      path: 'asked',
      title: 'Asked',
      description: 'Asks before it is read.',
      mimeType: 'text/plain',
      scopes: ['notes:read'],
      subscribable: false,
      async read(_variables, { ask }) {
        const { user } = await ask({ user: name })
        return user.action
      },
    }),
    defineResource<object>()({
      name: 'secret',
      path: 'secrets/{room}/{id}',
      title: 'Secret',
      description: 'For writers.',
      mimeType: 'text/plain',
      scopes: ['notes:write'],
      subscribable: false,
      complete: {
        id: async (typed, { given }) => Array.from({ length: 500 }, (_, n) => `${given.room ?? 'any'}-${typed}-${n}`),
      },
      read: async () => 'hush',
    }),
  ],
  prompts: [
    prompt({
      ...promptAbout,
      name: 'review',
      icons: [{ src: 'https://example.com/p.png' }],
      arguments: z.object({
        note: z.string().max(20).describe('Which note.'),
        tone: z.enum(['kind', 'harsh']).optional().meta({ title: 'Tone' }),
      }),
      complete: { note: async (typed) => ['first', 'second'].filter((one) => one.startsWith(typed)) },
      get: async ({ note, tone }) => [
        { role: 'user', content: { type: 'text', text: `Review ${note}, ${tone ?? 'plainly'}.` } },
        { role: 'assistant', content: { type: 'image', data: BYTES, mimeType: 'image/png' } },
      ],
    }),
    prompt({
      ...promptAbout,
      name: 'embed',
      arguments: z.object({ uri: z.string() }),
      get: async ({ uri }) => [
        { role: 'user', content: { type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'hush' } } },
      ],
    }),
    prompt({
      ...promptAbout,
      name: 'ask',
      arguments: none,
      async get(_given, { ask }) {
        const { user } = await ask({ user: name })
        return [{ role: 'user', content: { type: 'text', text: user.action } }]
      },
    }),
    prompt({ ...promptAbout, name: 'writers', scopes: ['notes:write'], arguments: none, get: async () => [] }),
  ],
  changes: [
    onEvent(
      ToolsChanged,
      () => [],
      () => ['tools'],
    ),
  ],
  open: () => () => ({}),
  demo: async () => undefined,
})

export const TALKS = { catalog: talksCatalog, domain: () => ({}) }
