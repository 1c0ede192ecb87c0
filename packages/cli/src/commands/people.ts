import type { Command } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { type Account, findPerson, personPath } from '../person-lookup.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { findTenant, tenantPath } from '../tenant-lookup.ts'

interface Member {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
}

interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly expiresAt: string
}

interface Link {
  readonly link: string
  readonly sent: boolean
}

const sentOrNot = ({ sent }: Link, { send = false }: { readonly send?: boolean }): string =>
  send ? (sent ? ' A mail is on its way.' : ' No mail could be sent: see the log of the server.') : ''

const MEMBERS: readonly Column<Member>[] = [
  { title: 'EMAIL', value: ({ email }) => email, whole: true },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'ID', value: ({ id }) => id, whole: true },
]
const ACCOUNTS: readonly Column<Account>[] = [
  { title: 'EMAIL', value: ({ email }) => email, whole: true },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'TENANTS', value: ({ memberships }) => memberships.map(({ name, role }) => `${name} (${role})`).join(', ') },
  { title: 'SIGNS IN', value: waysOf },
  { title: 'ID', value: ({ id }) => id, whole: true },
]
const INVITATIONS: readonly Column<Invitation>[] = [
  { title: 'EMAIL', value: ({ email }) => email, whole: true },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'UNTIL', value: ({ expiresAt }) => expiresAt },
  { title: 'ID', value: ({ id }) => id, whole: true },
]

function waysOf({ password, identities }: Account): string {
  const ways = [...(password ? ['password'] : []), ...identities.map(({ issuer }) => issuer)]
  return ways.length === 0 ? 'never yet' : ways.join(', ')
}

/** `gatehouse people …` */
export function peopleCommand(program: Command, io: Io): void {
  const people = program.command('people').description('People: their accounts, and where they belong')

  people
    .command('list')
    .description('List the people of a tenant')
    .argument('<tenant>', 'slug of the tenant')
    .action(async (slug: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get(`${tenantPath(await findTenant(context.api, slug))}/people`)
      showList(context, answer, listIn<Member>(answer, 'people'), MEMBERS)
    })

  people
    .command('show')
    .description('Show an account: where it belongs, and how its person signs in')
    .argument('<person>', 'email address or id')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const account = await findPerson(context.api, given)
      showList(context, account, [account], ACCOUNTS)
    })

  people
    .command('add')
    .description('Add somebody to a tenant; an account is made for an address that has none')
    .argument('<tenant>', 'slug of the tenant')
    .argument('<email>', 'their address')
    .requiredOption('--role <role>', 'what they may do there')
    .option('--name <name>', 'as they are shown; for a new account')
    .action(async (slug: string, email: string, options: { role: string; name?: string }, command: Command) => {
      const context = contextOf(command, io)
      const path = `${tenantPath(await findTenant(context.api, slug))}/people`
      const answer = await context.api.send('POST', path, { email, ...options })
      const { role } = answer as Member
      showDone(context, answer, `${printable(email)} belongs to ${printable(slug)} as ${printable(role)}.`)
    })

  people
    .command('role')
    .description('Give a member another role; tokens that name the old one are refused within a second')
    .argument('<tenant>', 'slug of the tenant')
    .argument('<person>', 'email address or id')
    .argument('<role>', 'the new role')
    .action(async (slug: string, given: string, role: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const [tenant, person] = [await findTenant(context.api, slug), await findPerson(context.api, given)]
      const path = `${tenantPath(tenant)}/people/${encodeURIComponent(person.id)}`
      const answer = await context.api.send('PATCH', path, { role })
      showDone(context, answer, `${printable(given)} is ${printable(role)} of ${printable(slug)}.`)
    })

  people
    .command('remove')
    .description('Take somebody out of a tenant: what they allowed there ends')
    .argument('<tenant>', 'slug of the tenant')
    .argument('<person>', 'email address or id')
    .action(async (slug: string, given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const [tenant, person] = [await findTenant(context.api, slug), await findPerson(context.api, given)]
      const path = `${tenantPath(tenant)}/people/${encodeURIComponent(person.id)}`
      const answer = await context.api.send('DELETE', path)
      showDone(context, answer, `${printable(given)} no longer belongs to ${printable(slug)}.`)
    })

  people
    .command('invite')
    .description('Invite an address: prints a link by which its owner joins, once')
    .argument('<tenant>', 'slug of the tenant')
    .argument('<email>', 'their address')
    .requiredOption('--role <role>', 'what they may do there')
    .option('--send', 'mail the link to the address as well')
    .action(async (slug: string, email: string, options: { role: string; send?: boolean }, command: Command) => {
      const context = contextOf(command, io)
      const path = `${tenantPath(await findTenant(context.api, slug))}/invitations`
      const answer = await context.api.send('POST', path, { email, ...options })
      const { link } = answer as Link
      showDone(context, answer, printable(link))
      if (!context.json)
        io.err(
          `${printable(email)} may join ${printable(slug)} as ${printable(options.role)}.${sentOrNot(answer as Link, options)}`,
        )
    })

  people
    .command('password-link')
    .description('Make a link by which a person sets a password, once, within an hour; it is as good as the password')
    .argument('<person>', 'email address or id')
    .option('--send', 'mail the link to the person as well')
    .action(async (given: string, options: { send?: boolean }, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      const answer = await context.api.send('POST', `${personPath(id)}/password-link`, options)
      const { link } = answer as Link
      showDone(context, answer, printable(link))
      if (!context.json) io.err(`It is not shown again.${sentOrNot(answer as Link, options)}`)
    })

  people
    .command('rename')
    .description('Change how a person is shown')
    .argument('<person>', 'email address or id')
    .argument('<name>', 'the new name')
    .action(async (given: string, name: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      const answer = await context.api.send('PATCH', personPath(id), { name })
      showDone(context, answer, `${printable(given)} is called ${printable(name)}.`)
    })

  people
    .command('invitations')
    .description('List the invitations of a tenant that wait')
    .argument('<tenant>', 'slug of the tenant')
    .action(async (slug: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get(`${tenantPath(await findTenant(context.api, slug))}/invitations`)
      showList(context, answer, listIn<Invitation>(answer, 'invitations'), INVITATIONS)
    })

  people
    .command('uninvite')
    .description('Take an invitation back')
    .argument('<id>', 'id of the invitation')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', `/admin/v1/invitations/${encodeURIComponent(id)}`)
      showDone(context, answer, `Invitation ${printable(id)} is taken back.`)
    })

  for (const [verb, status, text] of [
    ['deactivate', 'deactivated', 'Deactivate an account: sessions, grants and tokens end within a second'],
    ['activate', 'active', 'Activate a deactivated account'],
  ] as const) {
    people
      .command(verb)
      .description(text)
      .argument('<person>', 'email address or id')
      .action(async (given: string, _options: object, command: Command) => {
        const context = contextOf(command, io)
        const { id } = await findPerson(context.api, given)
        const answer = await context.api.send('PATCH', personPath(id), { status })
        showDone(context, answer, `${printable(given)} is ${status}.`)
      })
  }

  people
    .command('delete')
    .description('Delete an account for good: everything that names the person goes')
    .argument('<person>', 'email address or id')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      showDone(context, await context.api.send('DELETE', personPath(id)), `${printable(given)} is deleted.`)
    })
}
