import type { Command } from 'commander'
import { contextOf, listAll, showList } from '../context.ts'
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

/** `gatehouse clients …` */
export function clientsCommand(program: Command, io: Io): void {
  program
    .command('clients')
    .description('OAuth clients: the AI clients that were registered')
    .command('list')
    .description('List all clients')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await listAll<Client>(context.api, '/admin/v1/clients', 'clients')
      showList(context, answer, answer.clients ?? [], COLUMNS)
    })
}
