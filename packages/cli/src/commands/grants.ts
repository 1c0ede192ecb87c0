import type { Command } from 'commander'
import type { AdminClient } from '../admin-client.ts'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { findTenant } from '../tenant-lookup.ts'

export interface Grant {
  readonly id: string
  readonly tenant: string
  readonly person: { readonly id: string; readonly email: string }
  readonly client: { readonly id: string; readonly name: string }
  readonly resources: readonly string[]
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly usedAt?: string
}

interface ListOptions {
  readonly tenant?: string
  readonly person?: string
  readonly client?: string
}

const COLUMNS: readonly Column<Grant>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'PERSON', value: ({ person }) => person.email },
  { title: 'CLIENT', value: ({ client }) => client.name },
  { title: 'RESOURCES', value: ({ resources }) => resources.join(' ') },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(' ') },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'USED', value: ({ usedAt }) => usedAt },
]

/** The server gives at most so many at a time. */
const PAGE = 200

async function readGrants(api: AdminClient, filter: Record<string, string | undefined>): Promise<readonly Grant[]> {
  const grants: Grant[] = []
  let page: readonly Grant[]
  do {
    const answer = await api.get('/admin/v1/grants', { ...filter, limit: String(PAGE), after: grants.at(-1)?.id })
    page = listIn<Grant>(answer, 'grants')
    grants.push(...page)
  } while (page.length === PAGE)
  return grants
}

/** `gatehouse grants …` */
export function grantsCommand(program: Command, io: Io): void {
  const grants = program.command('grants').description('Authorizations that people gave to clients')

  grants
    .command('list')
    .description('List living grants, newest first')
    .option('--tenant <slug>', 'only those of this tenant')
    .option('--person <id>', 'only those of this person')
    .option('--client <id>', 'only those of this client')
    .action(async ({ tenant, person, client }: ListOptions, command: Command) => {
      const context = contextOf(command, io)
      const ofTenant = tenant === undefined ? undefined : (await findTenant(context.api, tenant)).id
      const found = await readGrants(context.api, { tenant: ofTenant, person, client })
      showList(context, { grants: found }, found, COLUMNS)
    })

  grants
    .command('revoke')
    .description('Revoke a grant: its tokens are refused everywhere within a second')
    .argument('<id>', 'id of the grant, as "gatehouse grants list" shows it')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', `/admin/v1/grants/${encodeURIComponent(id)}`)
      showDone(context, answer, `Grant ${printable(id)} is revoked.`)
    })
}
