import { Argument, type Command } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { findTenant, tenantPath } from '../tenant-lookup.ts'

interface Rule {
  readonly host: string
  readonly rule: string
  readonly createdAt: string
}

const COLUMNS: readonly Column<Rule>[] = [
  { title: 'HOST', value: ({ host }) => host, whole: true },
  { title: 'RULE', value: ({ rule }) => rule },
  { title: 'SINCE', value: ({ createdAt }) => createdAt },
]

/** `gatehouse client-hosts …` */
export function clientHostsCommand(program: Command, io: Io): void {
  const hosts = program.command('client-hosts').description('Which clients the people of a tenant may connect, by host')

  hosts
    .command('list')
    .description('List the rules of a tenant; without any, every client may be connected')
    .argument('<tenant>', 'slug of the tenant')
    .action(async (slug: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get(`${tenantPath(await findTenant(context.api, slug))}/client-hosts`)
      showList(context, answer, listIn<Rule>(answer, 'rules'), COLUMNS)
    })

  hosts
    .command('set')
    .description('Allow or deny a host with all below it; what is no longer let in loses its access at once')
    .argument('<tenant>', 'slug of the tenant')
    .argument('<host>', 'as claude.ai, localhost, or a scheme as cursor:')
    .addArgument(
      new Argument('<rule>', 'as soon as one host is allowed, all others are not').choices(['allow', 'deny']),
    )
    .action(async (slug: string, host: string, rule: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const path = `${tenantPath(await findTenant(context.api, slug))}/client-hosts`
      const answer = await context.api.send('POST', path, { host, rule })
      const { grants } = answer as { readonly grants: number }
      showDone(context, answer, `${printable(host)}: ${rule}. ${grants} grants ended.`)
    })

  hosts
    .command('remove')
    .description('Remove the rule about a host')
    .argument('<tenant>', 'slug of the tenant')
    .argument('<host>', 'as the list has it')
    .action(async (slug: string, host: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const path = `${tenantPath(await findTenant(context.api, slug))}/client-hosts/${encodeURIComponent(host)}`
      const answer = await context.api.send('DELETE', path)
      showDone(context, answer, `The rule about ${printable(host)} is removed.`)
    })
}
