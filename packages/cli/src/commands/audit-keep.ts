import { type Command, InvalidArgumentError } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import type { Io } from '../io.ts'
import type { Column } from '../table.ts'
import { findTenant } from '../tenant-lookup.ts'

interface Retention {
  readonly class: string
  readonly months: number | null
}

const COLUMNS: readonly Column<Retention>[] = [
  { title: 'CLASS', value: (of) => of.class },
  { title: 'KEPT', value: ({ months }) => (months === null ? 'for ever' : `${months} months`) },
]

function monthsOf(text: string): number | null {
  if (text === 'forever') return null
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a number of months, or "forever".')
  return Number(text)
}

/** `gatehouse audit retention`, `gatehouse audit keep`, `gatehouse audit erase` */
export function auditKeepCommands(audit: Command, io: Io): void {
  audit
    .command('retention')
    .description('List how long events are kept, by class')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.get('/admin/v1/audit/retention')
      showList(context, answer, listIn<Retention>(answer, 'retention'), COLUMNS)
    })
  audit
    .command('keep')
    .description('Keep events of a class so many months after theirs; older ones are dropped within the hour')
    .argument('<class>', 'a class that "audit retention" lists')
    .argument('<months>', 'a number, or "forever"', monthsOf)
    .action(async (kind: string, months: number | null, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('PUT', `/admin/v1/audit/retention/${encodeURIComponent(kind)}`, { months })
      showDone(
        context,
        answer,
        `Events of the class ${kind} are kept ${months === null ? 'for ever' : `${months} months`}.`,
      )
    })
  audit
    .command('erase')
    .description('Erase who a person was from the log; what was done stays, and stays provable')
    .argument('<person>', 'id of the person')
    .option('--tenant <slug or id>', 'only from the log of this tenant')
    .action(async (person: string, { tenant: named }: { tenant?: string }, command: Command) => {
      const context = contextOf(command, io)
      const tenant = named === undefined ? undefined : (await findTenant(context.api, named)).id
      const answer = await context.api.send('POST', '/admin/v1/audit/erasures', { person, ...(tenant && { tenant }) })
      const { erased = 0 } = answer as { erased?: number }
      showDone(context, answer, erased === 0 ? 'Nobody of that id is in the log.' : `Erased from ${erased} logs.`)
    })
}
