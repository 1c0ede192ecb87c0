import type { Command } from 'commander'
import type { AdminClient } from '../admin-client.ts'
import { contextOf, listIn, showList } from '../context.ts'
import type { Io } from '../io.ts'
import type { Column } from '../table.ts'

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

/** `gatehouse clients …` */
export function clientsCommand(program: Command, io: Io): void {
  program
    .command('clients')
    .description('OAuth clients: the AI clients that were registered')
    .command('list')
    .description('List all clients')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const clients = await readClients(context.api)
      showList(context, { clients }, clients, COLUMNS)
    })
}
