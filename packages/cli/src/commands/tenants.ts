import { Argument, type Command } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { findTenant, type Tenant, tenantPath } from '../tenant-lookup.ts'
import { tenantSignInCommands } from './tenants-sign-in.ts'

const COLUMNS: readonly Column<Tenant>[] = [
  { title: 'SLUG', value: ({ slug }) => slug, whole: true },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'PLAN', value: ({ plan }) => plan },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'MCP', value: ({ mcp }) => (mcp ? 'on' : 'off') },
  { title: 'ID', value: ({ id }) => id, whole: true },
]

/** `gatehouse tenants …` */
export function tenantsCommand(program: Command, io: Io): void {
  const tenants = program.command('tenants').description('Tenants: who they are, and whether MCP is open to them')

  tenants
    .command('list')
    .description('List all tenants')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get('/admin/v1/tenants')
      showList(context, answer, listIn<Tenant>(answer, 'tenants'), COLUMNS)
    })

  const change = async (command: Command, slug: string, body: object, sentence: string): Promise<void> => {
    const context = contextOf(command, io)
    const answer = await context.api.send('PATCH', tenantPath(await findTenant(context.api, slug)), body)
    showDone(context, answer, sentence)
  }

  tenants
    .command('mcp')
    .description('Open or close MCP for a tenant; takes effect everywhere within a second')
    .argument('<slug>', 'the tenant')
    .addArgument(new Argument('<state>', 'whether MCP is open').choices(['on', 'off']))
    .action((slug: string, state: string, _options: object, command: Command) =>
      change(command, slug, { mcp: state === 'on' }, `MCP is ${state} for ${printable(slug)}.`),
    )

  tenants
    .command('rename')
    .description('Change what people read as the name of a tenant; its slug stays')
    .argument('<slug>', 'the tenant')
    .argument('<name>', 'the new name')
    .action((slug: string, name: string, _options: object, command: Command) =>
      change(command, slug, { name }, `${printable(slug)} is called ${printable(name)}.`),
    )

  tenants
    .command('plan')
    .description('Give a tenant another plan of the profile; what it includes is open everywhere within a second')
    .argument('<slug>', 'the tenant')
    .argument('<plan>', 'one that "gatehouse plans list" shows')
    .action((slug: string, plan: string, _options: object, command: Command) =>
      change(command, slug, { plan }, `${printable(slug)} has the plan ${printable(plan)}.`),
    )

  for (const [verb, status, text] of [
    ['suspend', 'suspended', 'Suspend a tenant: its clients are refused until it is activated'],
    ['activate', 'active', 'Activate a suspended tenant'],
  ] as const) {
    tenants
      .command(verb)
      .description(text)
      .argument('<slug>', 'the tenant')
      .action((slug: string, _options: object, command: Command) =>
        change(command, slug, { status }, `${printable(slug)} is ${status}.`),
      )
  }

  tenantSignInCommands(tenants, io)
}
