import type { Command } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { findPerson, personPath } from '../person-lookup.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'

interface Consent {
  readonly id: string
  readonly client: { readonly id: string; readonly name: string }
  readonly tenant: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly grantedAt: string
  readonly usedAt?: string
}

const COLUMNS: readonly Column<Consent>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'CLIENT', value: ({ client }) => client.name },
  { title: 'TENANT', value: ({ tenant }) => tenant },
  { title: 'RESOURCE', value: ({ resource }) => resource },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(' ') },
  { title: 'SINCE', value: ({ grantedAt }) => grantedAt },
  { title: 'USED', value: ({ usedAt }) => usedAt },
]

/** `gatehouse consents …` */
export function consentsCommand(program: Command, io: Io): void {
  const consents = program.command('consents').description('What people allow to clients; grants rest on it')

  consents
    .command('list')
    .description('List what a person allows, newest first')
    .argument('<person>', 'email address or id')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      const answer = await context.api.get(`${personPath(id)}/consents`)
      showList(context, answer, listIn<Consent>(answer, 'consents'), COLUMNS)
    })

  consents
    .command('revoke')
    .description('Take back what a person allowed to a client: its grants end, and it has to ask anew')
    .argument('<person>', 'email address or id')
    .argument('<id>', 'id of the consent, as "gatehouse consents list" shows it')
    .action(async (given: string, consent: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      const answer = await context.api.send('DELETE', `${personPath(id)}/consents/${encodeURIComponent(consent)}`)
      const { grants } = answer as { readonly grants: number }
      showDone(context, answer, `Consent ${printable(consent)} is taken back: ${grants} grants ended.`)
    })
}
