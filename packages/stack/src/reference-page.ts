import type { Catalog } from '@gatehouse/catalog'
import type { Profile } from '@gatehouse/profiles'
import { z } from 'zod'

type Tool = Catalog['tools'][number]

/** As much of a JSON Schema as the page shows. */
interface Field {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Field[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

/** `docs/reference/<profile>.md`: what a deployment offers its clients, with first calls. */
export function referencePage(
  profile: Profile,
  catalogs: readonly Pick<Catalog, 'tools' | 'resources' | 'prompts'>[],
): string {
  const tools = catalogs.flatMap((catalog) => catalog.tools)
  const resources = catalogs.flatMap((catalog) => catalog.resources)
  const prompts = catalogs.flatMap((catalog) => catalog.prompts ?? [])
  const { server, uriScheme, paths } = profile
  return [
    `# ${server.title}: reference`,
    '',
    `Made from the catalog of the profile \`${profile.name}\`; a test fails when this page is out of date. The endpoint is \`${paths.mcp}\`. Each client`,
    'sees what its person’s role and its own scopes allow, and no more.',
    '',
    '## First calls',
    '',
    '| when | call |',
    '| --- | --- |',
    ...tools.flatMap(({ name, examples = [] }) =>
      examples.map((example) => `| ${cell(example.when)} | \`${name} ${JSON.stringify(example.arguments)}\` |`),
    ),
    '',
    '## Tools',
    '',
    ...tools.flatMap(toolSection),
    '## Resources',
    '',
    '| URI | holds | needs |',
    '| --- | --- | --- |',
    ...resources.map(
      ({ path, description, permissions, subscribable }) =>
        `| \`${uriScheme}://${path}\` | ${cell(description)}${subscribable ? ' Can be subscribed to.' : ''} | ${codes(permissions)} |`,
    ),
    '',
    '## Prompts',
    '',
    '| name | gives | arguments | needs |',
    '| --- | --- | --- | --- |',
    ...prompts.map(({ name, description, arguments: schema, permissions }) => {
      const named = fieldsOf(schema).map(([field, , required]) => `\`${field}\`${required ? '' : ' (optional)'}`)
      return `| \`${name}\` | ${cell(description)} | ${named.join(', ')} | ${codes(permissions)} |`
    }),
    '',
  ].join('\n')
}

function toolSection(tool: Tool): string[] {
  const fields = fieldsOf(tool.input)
  const needs = tool.permissions?.length ? ` Needs ${codes(tool.permissions)}.` : ''
  return [
    `### \`${tool.name}\``,
    '',
    `${tool.title}. ${tool.description}`,
    '',
    `It ${tool.effect}.${needs}`,
    '',
    ...(fields.length === 0
      ? []
      : [
          '| argument | type | default | meaning |',
          '| --- | --- | --- | --- |',
          ...fields.map(
            ([name, field, required]) =>
              `| \`${name}\` | ${typeOf(field)} | ${defaultOf(field, required)} | ${cell(field.description ?? '')} |`,
          ),
          '',
        ]),
  ]
}

function fieldsOf(schema: z.ZodType): [name: string, field: Field, required: boolean][] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' })
  return Object.entries(properties).map(([name, field]) => [name, field as Field, required.includes(name)])
}

function typeOf(field: Field): string {
  if (field.anyOf !== undefined) return field.anyOf.map(typeOf).join(' or ')
  if (field.enum !== undefined) return codes(field.enum.map(String))
  const bounds =
    field.minimum !== undefined || field.maximum !== undefined
      ? `, ${field.minimum ?? '…'} to ${field.maximum ?? '…'}`
      : field.maxLength === undefined
        ? ''
        : `, at most ${field.maxLength} characters`
  return `${field.type ?? 'any'}${bounds}`
}

function defaultOf(field: Field, required: boolean): string {
  if (field.default !== undefined) return `\`${JSON.stringify(field.default)}\``
  return required ? 'needed' : ''
}

const codes = (names: readonly string[] | undefined): string => (names ?? []).map((name) => `\`${name}\``).join(', ')

/** A line of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
