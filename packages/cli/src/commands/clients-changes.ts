import { type Command, InvalidArgumentError } from 'commander'
import { type Context, contextOf, showDone } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import { findTenant } from '../tenant-lookup.ts'

/** The path of a client in the admin API; its id may be a URL. */
export const clientPath = (id: string): string => `/admin/v1/clients/${encodeURIComponent(id)}`

interface FactOptions {
  readonly name?: string
  readonly redirect?: readonly string[]
  readonly method?: string
  readonly grant?: readonly string[]
  readonly scope?: readonly string[]
  readonly resource?: readonly string[]
  readonly tenant?: string
  readonly jwks?: object
  readonly jwksUri?: string
}

const METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']

const several = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

function oneMethod(text: string): string {
  if (!METHODS.includes(text)) throw new InvalidArgumentError(`It must be one of ${METHODS.join(', ')}.`)
  return text
}

function keySet(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'keys' in value) return value
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('It must be a JSON Web Key Set, {"keys":[…]}.')
}

/** The options by which a client is described; both commands that take them take all. */
const withFacts = (command: Command): Command =>
  command
    .option('--redirect <uri>', 'where people may be sent back to; repeat for several', several)
    .option('--method <method>', `how it proves itself: ${METHODS.join(', ')}`, oneMethod)
    .option('--grant <type>', 'what it may ask tokens by; repeat for several', several)
    .option('--scope <scope>', 'what it may have for itself (client_credentials); repeat for several', several)
    .option('--resource <identifier>', 'what it may have tokens for; repeat for several; default: anything', several)
    .option('--tenant <slug>', 'the tenant that it acts in when it acts for itself')
    .option('--jwks <json>', 'its public keys, for private_key_jwt', keySet)
    .option('--jwks-uri <url>', 'where its public keys are, instead of --jwks')

async function bodyOf(options: FactOptions, { api }: Context): Promise<Record<string, unknown>> {
  const { name, redirect, method, grant, scope, resource, tenant, jwks, jwksUri } = options
  const body = {
    name,
    redirectUris: redirect,
    authMethod: method,
    grantTypes: grant,
    scopes: scope,
    resources: resource,
    tenant: tenant === undefined ? undefined : (await findTenant(api, tenant)).id,
    // One takes the place of the other.
    jwks: jwks ?? (jwksUri === undefined ? undefined : null),
    jwksUri: jwksUri ?? (jwks === undefined ? undefined : null),
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}

interface Answer {
  readonly id: string
  readonly secret?: string
}

/** The secret alone on standard output, so that it can be piped to where it is needed; else what was done. */
function showSecret(context: Context, answer: unknown, done: string): void {
  const { secret } = answer as Answer
  showDone(context, answer, secret === undefined ? done : printable(secret))
  if (!context.json && secret !== undefined) context.io.err(`${done} Keep the secret now: it is not shown again.`)
}

/** `gatehouse clients create`, `update`, `disable`, `enable`, `rotate-secret`, `delete` */
export function clientChanges(clients: Command, io: Io): void {
  withFacts(
    clients
      .command('create')
      .description('Register a client; its secret is shown this once')
      .requiredOption('--name <name>', 'what the consent page calls it'),
  ).action(async (options: FactOptions, command: Command) => {
    const context = contextOf(command, io)
    const answer = await context.api.send('POST', '/admin/v1/clients', await bodyOf(options, context))
    showSecret(context, answer, `Client ${printable((answer as Answer).id)} is registered.`)
  })

  withFacts(
    clients
      .command('update')
      .description('Change a client that an operator registered: what is not named stays')
      .argument('<id>', 'its client_id')
      .option('--name <name>', 'what the consent page calls it'),
  ).action(async (id: string, options: FactOptions, command: Command) => {
    const context = contextOf(command, io)
    const answer = await context.api.send('PATCH', clientPath(id), await bodyOf(options, context))
    showSecret(context, answer, `Client ${printable(id)} is changed.`)
  })

  for (const [name, disabled, description, done] of [
    ['disable', true, 'Switch a client off: it is refused everywhere within a second', 'switched off'],
    ['enable', false, 'Switch a client on again; people have to connect it anew', 'switched on'],
  ] as const) {
    clients
      .command(name)
      .description(description)
      .argument('<id>', 'its client_id')
      .action(async (id: string, _options: object, command: Command) => {
        const context = contextOf(command, io)
        const answer = await context.api.send('PATCH', clientPath(id), { disabled })
        showDone(context, answer, `Client ${printable(id)} is ${done}.`)
      })
  }

  clients
    .command('rotate-secret')
    .description('Give a client another secret; the one before is refused from then on')
    .argument('<id>', 'its client_id')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('POST', `${clientPath(id)}/secret`)
      showSecret(context, answer, `Client ${printable(id)} has another secret.`)
    })

  clients
    .command('delete')
    .description('Delete a client: all that it holds is taken back')
    .argument('<id>', 'its client_id')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', clientPath(id))
      showDone(context, answer, `Client ${printable(id)} is deleted.`)
    })
}
