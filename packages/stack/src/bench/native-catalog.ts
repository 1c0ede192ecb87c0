import { type Catalog, defineCatalog, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'

/** What a tool of the benchmarks takes and returns: enough to be validated on both ways. */
export const echoInput = z.object({
  text: z.string().min(1).max(200).describe('What to say again.'),
  times: z.int().min(1).max(10).default(1).describe('How often.'),
})
export const echoOutput = z.object({ text: z.string(), times: z.int() })

export const toolName = (at: number): string => `bench_echo_${at}`
export const DESCRIPTION = 'Says again what it is told. For benchmarks; it does nothing else.'

/** A catalog of `count` tools that differ in name alone. */
export function benchCatalog(count: number): Catalog {
  const tool = defineTool<object>()
  return defineCatalog<object>({
    name: 'bench',
    schema: { name: 'bench', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
    tools: Array.from({ length: count }, (_, at) =>
      tool({
        name: toolName(at),
        title: 'Echo',
        description: DESCRIPTION,
        scopes: ['bench:use'],
        permissions: ['bench:use'],
        effect: 'reads',
        input: echoInput,
        output: echoOutput,
        run: async ({ text, times }) => ({ text, times }),
      }),
    ),
    resources: [],
    changes: [],
    open: () => () => ({}),
    demo: async () => undefined,
  })
}
