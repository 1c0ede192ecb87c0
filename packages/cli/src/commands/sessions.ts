import type { Command } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import { findPerson, personPath } from '../person-lookup.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'

interface Session {
  readonly id: string
  readonly method: string
  readonly browser: string
  readonly network: string
  readonly signedInAt: string
  readonly seenAt: string
}

const COLUMNS: readonly Column<Session>[] = [
  { title: 'BROWSER', value: ({ browser }) => browser },
  { title: 'NETWORK', value: ({ network }) => network },
  { title: 'BY', value: ({ method }) => method },
  { title: 'SIGNED IN', value: ({ signedInAt }) => signedInAt },
  { title: 'LAST USED', value: ({ seenAt }) => seenAt },
  { title: 'ID', value: ({ id }) => id, whole: true },
]

/** `gatehouse sessions …` */
export function sessionsCommand(program: Command, io: Io): void {
  const sessions = program.command('sessions').description('Browsers where people are signed in')

  sessions
    .command('list')
    .description('List the sessions of a person')
    .argument('<person>', 'email address or id')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      const answer = await context.api.get(`${personPath(id)}/sessions`)
      showList(context, answer, listIn<Session>(answer, 'sessions'), COLUMNS)
    })

  sessions
    .command('end')
    .description('Sign one browser out')
    .argument('<id>', 'id of the session')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', `/admin/v1/sessions/${encodeURIComponent(id)}`)
      showDone(context, answer, `Session ${printable(id)} is ended.`)
    })

  sessions
    .command('end-all')
    .description('Sign a person out everywhere')
    .argument('<person>', 'email address or id')
    .option('--applications', 'take back what applications may do as well')
    .action(async (given: string, { applications = false }: { applications?: boolean }, command: Command) => {
      const context = contextOf(command, io)
      const { id } = await findPerson(context.api, given)
      const query = { applications: applications ? 'revoke' : undefined }
      const answer = await context.api.send('DELETE', `${personPath(id)}/sessions`, undefined, query)
      const { sessions, grants } = answer as { sessions: number; grants: number }
      showDone(context, answer, `${printable(given)} is signed out: ${sessions} sessions and ${grants} grants ended.`)
    })
}
