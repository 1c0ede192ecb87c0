import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'

const line = z.object({
  name: z.string().describe('For capability.explain; of a resource, its URI.'),
  title: z.string().describe('What it is.'),
})

export const capabilityList = defineTool<OrgDesign>()({
  name: 'capability.list',
  title: 'List capabilities',
  description:
    'All tools, resources and prompts that you may use here, by name and title. Returns names only: call capability.explain for how to use ' +
    'one. For clients that show tools alone. Not for data.',
  ...needs(),
  effect: 'reads',
  input: z.strictObject({
    kind: z.enum(['tool', 'resource', 'prompt']).optional().describe('Only this kind.'),
  }),
  output: z.object({
    tools: z.array(line).describe('To be called.'),
    resources: z.array(line).describe('To be read by URI.'),
    prompts: z.array(line).describe('Templates that a person picks.'),
    next: z.string().describe('What to do with it.'),
  }),
  examples: [{ when: 'What can I do here?', arguments: {} }],
  async run({ kind }, { offer }) {
    const wanted = <T>(of: string, list: readonly T[]): readonly T[] => (kind === undefined || kind === of ? list : [])
    return {
      tools: wanted('tool', offer.tools).map(({ name, title }) => ({ name, title })),
      resources: wanted('resource', offer.resources).map(({ uri, title }) => ({ name: uri, title })),
      prompts: wanted('prompt', offer.prompts).map(({ name, title }) => ({ name, title })),
      next: 'Call capability.explain with a name. With open: true it also reads a resource or fills in a prompt.',
    }
  },
})
