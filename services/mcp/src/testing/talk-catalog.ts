import { defineCatalog, defineResource, defineTool, form, onEvent, page, roots, sample } from '@gatehouse/catalog'
import { z } from 'zod'
import { NoteChanged } from './notes-catalog.ts'

/** What a test holds of the calls of one node. */
export interface Talk {
  /** Resolves when the test lets calls of this name go on. */
  wait(name: string, signal: AbortSignal): Promise<void>
  /** A call of this name has begun. */
  entered(name: string): void
}

const none = z.object({})
const named = z.object({ name: z.string().default('a') })
const tool = defineTool<Talk>()
const resource = defineResource<Talk>()
const scopes = ['notes:read']
const common = { title: 'Talk', description: 'Talks to the client.', scopes, effect: 'reads' } as const

const ask = tool({
  ...common,
  name: 'talk_ask',
  input: none,
  output: z.object({ user: z.string() }),
  run: async (_input, { ask: put }) => {
    const { who } = await put({ who: form('Who are you?', z.object({ name: z.string() })) })
    return { user: who.action === 'accept' ? who.content.name : who.action }
  },
})
const model = tool({
  ...common,
  name: 'talk_sample',
  input: none,
  output: z.object({ model: z.string(), roots: z.number() }),
  run: async (_input, { ask: put }) => {
    const { said, places } = await put({
      said: sample({ messages: [{ role: 'user', content: { type: 'text', text: 'Hello' } }], maxTokens: 10 }),
      places: roots(),
    })
    return { model: said.model, roots: places.roots.length }
  },
})
const steps = tool({
  ...common,
  name: 'talk_steps',
  input: named,
  output: z.object({ done: z.string() }),
  run: async ({ name }, { entered, wait, signal, progress, log }) => {
    progress(1, 3, 'begun')
    log('info', 'begun')
    entered(name)
    await wait(name, signal)
    signal.throwIfAborted()
    progress(2, 3)
    return { done: name }
  },
})
const shown = tool({
  ...common,
  name: 'talk_page',
  input: none,
  output: z.object({ action: z.string() }),
  run: async (_input, { ask: put }) => ({
    action: (await put({ it: page('Look', 'https://notes.example/page') })).it.action,
  }),
})
const release = tool({
  ...common,
  name: 'talk_release',
  input: named,
  output: z.object({ done: z.string() }),
  run: async ({ name }, { entered, wait, signal, release: letGo }) => {
    letGo?.()
    entered(name)
    await wait(name, signal)
    return { done: name }
  },
})

/** A small catalog whose tools say something before they answer. */
export const talkCatalog = defineCatalog<Talk>({
  name: 'notes',
  schema: { name: 'notes', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [ask, model, shown, steps, release],
  resources: [
    resource({
      name: 'note',
      path: 'notes/{id}',
      title: 'A note',
      description: 'One note.',
      mimeType: 'application/json',
      scopes,
      subscribable: true,
      read: async ({ id }) => ({ id }),
    }),
    resource({
      name: 'still',
      path: 'still',
      title: 'What never changes',
      description: 'One text.',
      mimeType: 'text/plain',
      scopes,
      subscribable: false,
      read: async () => 'still',
    }),
  ],
  changes: [
    onEvent(
      NoteChanged,
      ({ id }) => [`notes/${id}`],
      ({ id }) => (id === 'list' ? ['tools'] : []),
    ),
  ],
  open: () => () => {
    throw new Error('tests bind the stores themselves')
  },
  demo: async () => undefined,
})

/** The domain of one node, and what lets its calls go on. */
export function talking() {
  const gates = new Map<string, { readonly open: () => void; readonly opened: Promise<void> }>()
  const begun = new Map<string, { readonly open: () => void; readonly opened: Promise<void> }>()
  const at = (of: typeof gates, name: string) => {
    const known = of.get(name)
    if (known !== undefined) return known
    let open: () => void = () => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const made = { open, opened }
    of.set(name, made)
    return made
  }
  const talk: Talk = {
    entered: (name) => at(begun, name).open(),
    wait: (name, signal) =>
      Promise.race([
        at(gates, name).opened,
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        }),
      ]),
  }
  return {
    catalogs: [{ catalog: talkCatalog, domain: () => talk }],
    entered: (name: string) => at(begun, name).opened,
    letGo: (name: string) => at(gates, name).open(),
  }
}
