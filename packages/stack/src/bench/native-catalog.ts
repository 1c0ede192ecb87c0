import { type Catalog, defineCatalog, defineTool } from '@gatehouse/catalog'
import { sql, type Tx } from '@gatehouse/database'
import { z } from 'zod'

/** What a tool of the benchmarks takes and returns: enough to be validated on both ways. */
export const echoInput = z.object({
  text: z.string().min(1).max(200).describe('What to say again.'),
  times: z.int().min(1).max(10).default(1).describe('How often.'),
})
export const echoOutput = z.object({ text: z.string(), times: z.int() })

export const toolName = (at: number): string => `bench_echo_${at}`
export const DESCRIPTION = 'Says again what it is told. For benchmarks; it does nothing else.'

interface BenchDomain {
  countTasks(): Promise<number>
}

/** It asks PostgreSQL once, in a transaction of its tenant, as the cheapest tools of the catalogs do. */
export const READING_TOOL = 'bench_read'

const reading = defineTool<BenchDomain>()({
  name: READING_TOOL,
  title: 'Count',
  description: 'Counts the tasks of the workspace. For benchmarks.',
  scopes: ['bench:use'],
  permissions: ['bench:use'],
  effect: 'reads',
  input: z.object({}),
  output: z.object({ tasks: z.int() }),
  run: async (_input, { countTasks }) => ({ tasks: await countTasks() }),
})

/** A catalog of `count` tools that differ in name alone, and of one that reads where it is asked for. */
export function benchCatalog(count: number, reads = false): Catalog<BenchDomain> {
  const tool = defineTool<object>()
  return defineCatalog<BenchDomain>({
    name: 'bench',
    schema: { name: 'bench', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
    tools: [
      ...Array.from({ length: count }, (_, at) =>
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
      ...(reads ? [reading] : []),
    ],
    resources: [],
    changes: [],
    open:
      ({ db }) =>
      ({ tenant }) => ({
        countTasks() {
          return db.asTenant(tenant, countTasks)
        },
      }),
    demo: async () => undefined,
  })
}

const countTasks = async (tx: Tx): Promise<number> => {
  const { tasks } = await tx.one<{ tasks: number }>(sql`select count(*)::int as tasks from mcp.tasks`)
  return tasks
}
