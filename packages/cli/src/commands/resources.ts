import { type Command, InvalidArgumentError } from 'commander'
import type { AdminClient } from '../admin-client.ts'
import { type Context, contextOf, listIn, showDone, showList } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'

interface Scope {
  readonly name: string
  readonly text: string
  readonly implies?: readonly string[]
}

export interface Resource {
  readonly id: string
  readonly identifier: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly scopes: readonly Scope[]
  readonly defaultScopes: readonly string[]
  readonly tokenSeconds: number
  readonly source: string
  readonly credential: string
}

const COLUMNS: readonly Column<Resource>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'IDENTIFIER', value: ({ identifier }) => identifier, whole: true },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'SCOPES', value: ({ scopes }) => scopes.map(({ name }) => name).join(' ') },
  { title: 'SECONDS', value: ({ tokenSeconds }) => tokenSeconds },
  { title: 'SOURCE', value: ({ source }) => source },
  { title: 'PROVES ITSELF', value: ({ credential }) => credential },
]

interface Facts {
  readonly name?: string
  readonly alias?: readonly string[]
  readonly scope?: readonly Scope[]
  readonly implies?: readonly (readonly [string, string])[]
  readonly default?: readonly string[]
  readonly seconds?: number
}

interface Credential {
  readonly jwk?: readonly unknown[]
}

const each = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

/** Two words of which the first is a name, at the first `=`. */
function pair(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It must be <scope>=<text>.')
  return [text.slice(0, at), text.slice(at + 1)]
}

function scope(text: string, before: readonly Scope[] = []): readonly Scope[] {
  const [name, words] = pair(text)
  return [...before, { name, text: words }]
}

const implication = (
  text: string,
  before: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] => [...before, pair(text)]

function jwk(text: string, before: readonly unknown[] = []): readonly unknown[] {
  try {
    return [...before, JSON.parse(text)]
  } catch {
    throw new InvalidArgumentError('It must be a JWK, as JSON.')
  }
}

function seconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.')
  return Number(text)
}

/** `gatehouse resources …` */
export function resourcesCommand(program: Command, io: Io): void {
  const resources = program.command('resources').description('Services that have access tokens of their own')
  const withFacts = (command: Command): Command =>
    command
      .option('--alias <uri>', 'another spelling that clients send for it; repeat for several', each)
      .option('--scope <scope=text>', 'a scope, and in words what it allows; repeat for several', scope)
      .option('--implies <scope=implied>', 'a scope that a holder of the first also has; repeat', implication)
      .option('--default <scope>', 'granted when a request names no scope; repeat for several', each)
      .option('--seconds <n>', 'life time of its access tokens', seconds)
  const keys = '--jwk <json>'
  const keysText = 'public key with which it proves itself; repeat for several. Without any it gets a secret'

  resources
    .command('list')
    .description('List the registered resources')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get('/admin/v1/resources')
      showList(context, answer, listIn<Resource>(answer, 'resources'), COLUMNS)
    })

  resources
    .command('show')
    .description('Show a resource with its scopes and aliases')
    .argument('<resource>', 'id or identifier')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const resource = await findResource(context.api, given)
      showDone(context, resource, describe(resource))
    })

  withFacts(resources.command('create'))
    .description('Register a service: clients can then be authorized for it')
    .argument('<identifier>', 'the audience of its tokens, an absolute URI')
    .requiredOption('--name <name>', 'what the consent page calls it')
    .option(keys, keysText, jwk)
    .action(async (identifier: string, options: Facts & Credential, command: Command) => {
      const context = contextOf(command, io)
      const body = { identifier, ...factsOf(options), ...keysOf(options) }
      const answer = (await context.api.send('POST', '/admin/v1/resources', body)) as Resource & { secret?: string }
      showSecret(context, answer, `Resource ${printable(answer.id)} is registered.`)
    })

  withFacts(resources.command('update'))
    .description('Change a resource; lists that are given take the place of what was there')
    .argument('<resource>', 'id or identifier')
    .option('--name <name>', 'what the consent page calls it')
    .action(async (given: string, options: Facts, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findResource(context.api, given)
      const answer = await context.api.send('PATCH', pathOf(id), factsOf(options))
      showDone(context, answer, `Resource ${printable(id)} is changed.`)
    })

  resources
    .command('rotate')
    .description('Give a resource a new secret or new keys; what it had is refused from then on')
    .argument('<resource>', 'id or identifier')
    .option(keys, keysText, jwk)
    .action(async (given: string, options: Credential, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findResource(context.api, given)
      const answer = (await context.api.send('POST', `${pathOf(id)}/credential`, keysOf(options))) as {
        secret?: string
      }
      showSecret(context, answer, `Resource ${printable(id)} has a new credential.`)
    })

  resources
    .command('delete')
    .description('Remove a resource: every grant for it ends')
    .argument('<resource>', 'id or identifier')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findResource(context.api, given)
      const answer = (await context.api.send('DELETE', pathOf(id))) as { readonly grantsEnded?: number }
      showDone(context, answer, `Resource ${printable(id)} is removed; grants that ended: ${answer.grantsEnded ?? 0}.`)
    })
}

const pathOf = (id: string): string => `/admin/v1/resources/${encodeURIComponent(id)}`

/** @throws Failure when there is none of that id or identifier */
async function findResource(api: AdminClient, given: string): Promise<Resource> {
  const all = listIn<Resource>(await api.get('/admin/v1/resources'), 'resources')
  const found = all.find(({ id, identifier }) => id === given || identifier === given)
  if (found === undefined) throw new Failure('refused', `there is no resource ${given}; see "gatehouse resources list"`)
  return found
}

/** What was given, in the words of the API. @throws Failure when something implies that was not given */
function factsOf({ name, alias, scope: scopes, implies = [], default: defaults, seconds: life }: Facts): object {
  const stray = implies.find(([from]) => scopes?.some((one) => one.name === from) !== true)
  if (stray !== undefined) throw new Failure('usage', `--implies names ${stray[0]}, which no --scope does`)
  return {
    ...(name !== undefined && { name }),
    ...(alias !== undefined && { aliases: alias }),
    ...(scopes !== undefined && {
      scopes: scopes.map((one) => ({
        ...one,
        implies: implies.filter(([from]) => from === one.name).map(([, implied]) => implied),
      })),
    }),
    ...(defaults !== undefined && { defaultScopes: defaults }),
    ...(life !== undefined && { tokenSeconds: life }),
  }
}

const keysOf = ({ jwk: given }: Credential): object => (given === undefined ? {} : { keys: given })

/** The secret alone on standard output: it can be piped to where it is needed. */
function showSecret(context: Context, answer: { readonly secret?: string }, sentence: string): void {
  const { secret } = answer
  showDone(context, answer, secret === undefined ? sentence : printable(secret))
  if (!context.json && secret !== undefined) context.io.err(`${sentence} Keep its secret now: it is not shown again.`)
}

function describe(of: Resource): string {
  const lines = [
    ['id', of.id],
    ['identifier', of.identifier],
    ['name', of.name],
    ['aliases', of.aliases.join(' ') || '-'],
    ['default scopes', of.defaultScopes.join(' ') || '-'],
    ['token seconds', String(of.tokenSeconds)],
    ['source', of.source],
    ['proves itself by', of.credential],
    ...of.scopes.map(({ name, text, implies = [] }) => [
      `scope ${name}`,
      `${text}${implies.length > 0 ? ` (implies ${implies.join(' ')})` : ''}`,
    ]),
  ]
  return lines.map(([term, value]) => `${printable(term ?? '')}: ${printable(value ?? '')}`).join('\n')
}
