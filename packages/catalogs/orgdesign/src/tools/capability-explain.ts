import { type Call, defineTool, isContents, type PromptMessage } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownCapability } from '../failures.ts'

/** More would fill a model's context. */
const MOST_CHARS = 100_000

export const capabilityExplain = defineTool<OrgDesign>()({
  name: 'capability.explain',
  title: 'Explain a capability',
  description:
    'How to use one tool, resource or prompt: returns its description, arguments and first calls. With open: true also what the resource ' +
    'holds, or what the prompt says with these arguments. Not for calling tools: call them by their own name.',
  ...needs(),
  effect: 'reads',
  input: z.strictObject({
    name: z.string().min(1).max(2_048).describe('From capability.list; a URI for a resource.'),
    arguments: z
      .record(z.string().max(64), z.string().max(10_000))
      .default({})
      .describe('Variables of the resource, or arguments of the prompt.'),
    open: z.boolean().default(false).describe('true: read the resource, or fill in the prompt.'),
  }),
  output: z.object({
    kind: z.enum(['tool', 'resource', 'prompt']).describe('What it is.'),
    name: z.string().describe('Its name or URI.'),
    title: z.string().describe('Its title.'),
    description: z.string().describe('What it does.'),
    arguments: z.record(z.string(), z.unknown()).describe('JSON Schema of its arguments.'),
    examples: z
      .array(
        z.object({
          when: z.string().describe('When one calls it so.'),
          arguments: z.record(z.string(), z.unknown()).describe('The arguments.'),
        }),
      )
      .describe('First calls.'),
    text: z.string().nullable().describe('With open: what it holds or says.'),
  }),
  examples: [
    { when: 'How is a change planned?', arguments: { name: 'scenario.action.plan' } },
    {
      when: 'What does a prompt say, where a client shows none?',
      arguments: { name: 'review_organisation', open: true },
    },
  ],
  async run({ name, arguments: given, open }, { transact: _transact, offer, signal, ...plain }) {
    const call = { ...plain, signal }
    const found = toolNamed(offer, name) ?? (await promptNamed(offer, name, open ? given : undefined, call))
    const explained = found ?? (await resourceAt(offer, name, given, open, call))
    if (explained === undefined) throw unknownCapability(name)
    return explained
  },
})

type Offer = OrgDesign['offer']

function toolNamed(offer: Offer, wanted: string) {
  const tool = offer.tools.find(({ name }) => name === wanted)
  if (tool === undefined) return undefined
  const { name, title, description, inputSchema, examples } = tool
  return {
    kind: 'tool' as const,
    name,
    title,
    description,
    arguments: inputSchema,
    examples: [...examples],
    text: null,
  }
}

async function promptNamed(offer: Offer, wanted: string, given: Record<string, string> | undefined, call: Call) {
  const prompt = offer.prompts.find(({ name }) => name === wanted)
  if (prompt === undefined) return undefined
  const { name, title, description } = prompt
  const messages = given === undefined ? undefined : await offer.prompt(name, given, call)
  return {
    kind: 'prompt' as const,
    name,
    title,
    description,
    arguments: stringsSchema(prompt.arguments),
    examples: [],
    text: messages === undefined ? null : messages.map(textOfMessage).join('\n\n').slice(0, MOST_CHARS),
  }
}

/** By its template and variables, or by a whole URI. */
async function resourceAt(offer: Offer, asked: string, given: Record<string, string>, open: boolean, call: Call) {
  const known = offer.resources.find(({ uri }) => uri === asked)
  const uri = known === undefined ? asked : filledIn(asked, given)
  const held = open || known === undefined ? await offer.read(uri, call) : undefined
  if (held === undefined && (open || known === undefined)) return undefined
  const variables = known?.variables ?? []
  return {
    kind: 'resource' as const,
    name: uri,
    title: known?.title ?? uri,
    description: known?.description ?? 'One resource of a kind that capability.list has.',
    arguments: stringsSchema(variables.map((name) => ({ name, required: true }))),
    examples: [],
    text: open ? textOf(held).slice(0, MOST_CHARS) : null,
  }
}

const filledIn = (uri: string, given: Readonly<Record<string, string>>): string =>
  uri.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(given, name) ? encodeURIComponent(given[name] ?? '') : whole,
  )

function textOf(held: unknown): string {
  if (isContents(held))
    return held.contents.map((part) => ('text' in part ? part.text : `(${part.mimeType})`)).join('\n')
  return typeof held === 'string' ? held : JSON.stringify(held)
}

const textOfMessage = ({ role, content }: PromptMessage): string =>
  `${role}: ${content.type === 'text' ? content.text : `(${content.type})`}`

const stringsSchema = (named: readonly { name: string; description?: string; required: boolean }[]) => ({
  type: 'object',
  properties: Object.fromEntries(
    named.map(({ name, description }) => [
      name,
      { type: 'string', ...(description === undefined ? {} : { description }) },
    ]),
  ),
  required: named.filter(({ required }) => required).map(({ name }) => name),
})
