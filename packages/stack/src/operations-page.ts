import { auditConfig } from '@gatehouse/audit'
import { authConfig } from '@gatehouse/auth'
import { mcpConfig } from '@gatehouse/mcp'
import { z } from 'zod'
import { migrateConfig } from './migrate-config.ts'
import { startConfig } from './start-config.ts'

interface Process {
  readonly title: string
  readonly entry: string
  readonly config: z.ZodObject
}

/** Every process that is configured by its environment. */
export const PROCESSES: readonly Process[] = [
  { title: 'auth', entry: 'services/auth/src/main.ts', config: authConfig },
  { title: 'mcp', entry: 'services/mcp/src/main.ts', config: mcpConfig },
  { title: 'audit', entry: 'services/audit/src/main.ts', config: auditConfig },
  { title: 'All in one process (`npm start`)', entry: 'packages/stack/src/start.ts', config: startConfig },
  { title: 'The migration step', entry: 'packages/stack/src/migrate.ts', config: migrateConfig },
]

const BEGIN = '<!-- configuration: made from the schemas -->'
const END = '<!-- end of configuration -->'

/** `docs/operations.md` with its tables of variables made anew; the words around them are kept. */
export function withConfiguration(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('the page has lost the marks of its tables')
  return [before, BEGIN, '\n\n', PROCESSES.map(tableOf).join('\n'), '\n', END, after].join('')
}

function tableOf({ title, entry, config }: Process): string {
  const rows = Object.entries(config.shape).map(([name, field]) => {
    const schema = field as z.ZodType
    return `| \`${name}\` | ${defaultOf(schema)} | ${valuesOf(schema)}${schema.description ?? ''} |`
  })
  return [
    `### ${title}`,
    '',
    `\`${entry}\``,
    '',
    '| variable | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function defaultOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined)
  if (!parsed.success) return '**required**'
  const value = parsed.data
  if (typeof value === 'boolean') return value ? '`1`' : '`0`'
  return typeof value === 'string' || typeof value === 'number' ? `\`${value}\`` : ''
}

function valuesOf(schema: z.ZodType): string {
  const { enum: values } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return values === undefined ? '' : `${values.map((value) => `\`${String(value)}\``).join(', ')}. `
}
