import type { Command } from 'commander'
import type { AdminClient } from '../admin-client.ts'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { clientChanges, clientPath } from './clients-changes.ts'

export interface Client {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly createdAt: string
  readonly redirectUris: readonly string[]
}

const COLUMNS: readonly Column<Client>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'REDIRECTS', value: ({ redirectUris }) => redirectUris.join(' ') },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
]

/** The server gives at most so many at a time. */
const PAGE = 200

async function readClients(api: AdminClient): Promise<readonly Client[]> {
  const clients: Client[] = []
  let page: readonly Client[]
  do {
    const answer = await api.get('/admin/v1/clients', { limit: String(PAGE), after: clients.at(-1)?.id })
    page = listIn<Client>(answer, 'clients')
    clients.push(...page)
  } while (page.length === PAGE)
  return clients
}

/** What stands in the answer, in the order in which it is shown. */
const SHOWN: readonly (readonly [title: string, field: string])[] = [
  ['id', 'id'],
  ['name', 'name'],
  ['kind', 'kind'],
  ['method', 'authMethod'],
  ['grants', 'grantTypes'],
  ['redirects', 'redirectUris'],
  ['scopes', 'scopes'],
  ['resources', 'resources'],
  ['tenant', 'tenant'],
  ['keys at', 'jwksUri'],
  ['switched off', 'disabled'],
  ['created', 'createdAt'],
  ['last used', 'usedAt'],
]

function described(client: Readonly<Record<string, unknown>>): string {
  const lines = SHOWN.flatMap(([title, field]) => {
    const value = client[field]
    const text = Array.isArray(value) ? value.join(' ') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : value
    return text === undefined || text === '' ? [] : [`${title.padEnd(13)}${printable(String(text))}`]
  })
  return lines.join('\n')
}

/** `gatehouse clients …` */
export function clientsCommand(program: Command, io: Io): void {
  const clients = program.command('clients').description('OAuth clients: those that came by themselves, and your own')

  clients
    .command('list')
    .description('List all clients')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const clients = await readClients(context.api)
      showList(context, { clients }, clients, COLUMNS)
    })

  clients
    .command('show')
    .description('Show a client')
    .argument('<id>', 'its client_id')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get(clientPath(id))
      showDone(context, answer, described(answer as Readonly<Record<string, unknown>>))
    })

  clientChanges(clients, io)
}
