import { Argument, type Command, Option } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { findTenant, tenantPath } from '../tenant-lookup.ts'

interface Provider {
  readonly id: string
  readonly label: string
  readonly issuer: string
  readonly callback: string
}

interface Policy {
  readonly provider: string
  readonly policy: string
  readonly domains: readonly string[]
  readonly role?: string
}

const PROVIDERS: readonly Column<Provider>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'LABEL', value: ({ label }) => label },
  { title: 'ISSUER', value: ({ issuer }) => issuer },
  { title: 'CALLBACK', value: ({ callback }) => callback, whole: true },
]
const POLICIES: readonly Column<Policy>[] = [
  { title: 'PROVIDER', value: ({ provider }) => provider, whole: true },
  { title: 'POLICY', value: ({ policy }) => policy },
  { title: 'DOMAINS', value: ({ domains }) => domains.join(', ') },
  { title: 'ROLE', value: ({ role }) => role },
]

const several = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

interface AddOptions {
  readonly label: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecretFrom: string
  readonly authMethod?: string
  readonly authoritativeFor?: readonly string[]
}

/** `gatehouse providers …`: where people can sign in besides here. */
export function providersCommand(program: Command, io: Io): void {
  const providers = program.command('providers').description('OpenID providers where people can sign in')

  providers
    .command('list')
    .description('List the providers, with the callback to register there')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get('/admin/v1/upstream-providers')
      showList(context, answer, listIn<Provider>(answer, 'providers'), PROVIDERS)
    })

  providers
    .command('add')
    .description('Add a provider, or replace the one of that id')
    .argument('<id>', 'short name; part of the callback')
    .requiredOption('--label <label>', 'on the button')
    .requiredOption('--issuer <url>', 'issuer identifier, exactly')
    .requiredOption('--client-id <id>', 'what we are called there')
    .requiredOption('--client-secret-from <variable>', 'environment variable that holds the secret')
    .addOption(
      new Option('--auth-method <method>', 'how the secret is sent').choices([
        'client_secret_basic',
        'client_secret_post',
      ]),
    )
    .option('--authoritative-for <domain>', 'its verified addresses prove accounts here; repeat for several', several)
    .action(async (id: string, options: AddOptions, command: Command) => {
      const context = contextOf(command, io)
      const { label, issuer, clientId, clientSecretFrom, authMethod, authoritativeFor = [] } = options
      const clientSecret = io.env[clientSecretFrom]
      if (clientSecret === undefined || clientSecret === '') {
        throw new Failure('usage', `the environment has no ${clientSecretFrom}`)
      }
      const answer = await context.api.send('POST', '/admin/v1/upstream-providers', {
        id,
        label,
        issuer,
        clientId,
        clientSecret,
        authoritativeDomains: authoritativeFor,
        ...(authMethod !== undefined && { authMethod }),
      })
      const { callback } = answer as Provider
      showDone(context, answer, `People can sign in with ${printable(label)}; register ${printable(callback)} there.`)
    })

  providers
    .command('remove')
    .description('Remove a provider')
    .argument('<id>', 'its id')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', `/admin/v1/upstream-providers/${encodeURIComponent(id)}`)
      showDone(context, answer, `Nobody signs in with ${printable(id)} any more.`)
    })
}

/** `gatehouse tenants create` and `… sign-in`. */
export function tenantSignInCommands(tenants: Command, io: Io): void {
  tenants
    .command('create')
    .description('Make a tenant')
    .argument('<slug>', 'short name, one label of a host name')
    .requiredOption('--name <name>', 'as people write it')
    .requiredOption('--plan <plan>', 'one of the plans of the profile')
    .option('--mcp', 'open MCP at once')
    .action(async (slug: string, options: { name: string; plan: string; mcp?: boolean }, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('POST', '/admin/v1/tenants', { slug, ...options })
      showDone(context, answer, `${printable(slug)} is made.`)
    })

  tenants
    .command('sign-in')
    .description('What happens at a first sign-in by a provider; without a policy: list them')
    .argument('<slug>', 'the tenant')
    .argument('[provider]', 'id of the provider')
    .addArgument(new Argument('[policy]', 'what happens').choices(['refuse', 'invite-only', 'join']))
    .option('--domain <domain>', 'for join: whose verified addresses join; repeat for several', several)
    .option('--role <role>', 'for join: what they may do')
    .action(
      async (
        slug: string,
        provider: string | undefined,
        policy: string | undefined,
        { domain = [], role }: { domain?: readonly string[]; role?: string },
        command: Command,
      ) => {
        const context = contextOf(command, io)
        const path = `${tenantPath(await findTenant(context.api, slug))}/sign-in-policies`
        if (provider === undefined || policy === undefined) {
          const answer = await context.api.get(path)
          return showList(context, answer, listIn<Policy>(answer, 'policies'), POLICIES)
        }
        const body = { policy, domains: domain, ...(role !== undefined && { role }) }
        const answer = await context.api.send('PATCH', `${path}/${encodeURIComponent(provider)}`, body)
        showDone(context, answer, `First sign-ins at ${printable(slug)} by ${printable(provider)}: ${policy}.`)
      },
    )
}
