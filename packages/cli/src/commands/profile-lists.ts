import type { Command } from 'commander'
import { contextOf, listIn, showList } from '../context.ts'
import type { Io } from '../io.ts'
import type { Column } from '../table.ts'

interface Plan {
  readonly name: string
  readonly mcp: boolean
}

interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

const PLANS: readonly Column<Plan>[] = [
  { title: 'PLAN', value: ({ name }) => name, whole: true },
  { title: 'MCP', value: ({ mcp }) => (mcp ? 'yes' : 'no') },
]
const ROLES: readonly Column<Role>[] = [
  { title: 'ROLE', value: ({ name }) => name, whole: true },
  { title: 'PERMISSIONS', value: ({ permissions }) => permissions.join(' ') },
]

/** `gatehouse plans list` and `gatehouse roles list`: what the profile has, to be given to tenants and people. */
export function profileListCommands(program: Command, io: Io): void {
  program
    .command('plans')
    .description('Plans that a tenant can have')
    .command('list')
    .description('List the plans of the profile, and whether MCP comes with them')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get('/admin/v1/plans')
      showList(context, answer, listIn<Plan>(answer, 'plans'), PLANS)
    })
  program
    .command('roles')
    .description('Roles that people can have')
    .command('list')
    .description('List the roles of the profile, and what each may do')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get('/admin/v1/roles')
      showList(context, answer, listIn<Role>(answer, 'roles'), ROLES)
    })
}
