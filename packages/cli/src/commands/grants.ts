import type { Command } from 'commander'
import { contextOf, showDone } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'

/** `gatehouse grants …` */
export function grantsCommand(program: Command, io: Io): void {
  program
    .command('grants')
    .description('Authorizations that people gave to clients')
    .command('revoke')
    .description('Revoke a grant: its tokens are refused everywhere within a second')
    .argument('<id>', 'id of the grant, as "gatehouse --json audit list" shows it')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', `/admin/v1/grants/${encodeURIComponent(id)}`)
      showDone(context, answer, `Grant ${printable(id)} is revoked.`)
    })
}
