import { type Command, InvalidArgumentError } from 'commander'
import { type Context, contextOf, listIn, showList } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printableJson } from '../printable.ts'
import { type Column, plainLine } from '../table.ts'
import { findTenant } from '../tenant-lookup.ts'
import { auditExportCommand, withFilters } from './audit-export.ts'
import { followEvents } from './audit-follow.ts'
import { auditKeepCommands } from './audit-keep.ts'
import { auditVerifyCommands } from './audit-verify.ts'

export interface AuditEvent {
  readonly id: string
  readonly time: string
  readonly tenant: string
  readonly type: string
  readonly actor?: { readonly kind: string; readonly id?: string; readonly client?: string }
  readonly tool?: string
  readonly action?: string
  readonly outcome?: string
  readonly reason?: string
  readonly durationMs?: number
  readonly requestId?: string
}

interface ListOptions {
  readonly tenant?: string
  readonly actor?: string
  readonly client?: string
  readonly type?: string
  readonly tool?: string
  readonly outcome?: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly follow?: boolean
}

export type Filters = Readonly<Record<string, string | undefined>>

const COLUMNS: readonly Column<AuditEvent>[] = [
  { title: 'TIME', value: ({ time }) => time.replace('T', ' ').replace(/\.\d+Z$/, 'Z'), whole: true },
  { title: 'TENANT', value: ({ tenant }) => tenant },
  { title: 'WHO', value: ({ actor }) => actor && [actor.kind, actor.id].filter(Boolean).join(' ') },
  { title: 'CLIENT', value: ({ actor }) => actor?.client },
  { title: 'WHAT', value: ({ tool, action, type }) => tool ?? action ?? type },
  { title: 'RESULT', value: ({ outcome }) => outcome },
  { title: 'REASON', value: ({ reason }) => reason },
  { title: 'MS', value: ({ durationMs }) => durationMs },
  { title: 'REQUEST', value: ({ requestId }) => requestId },
]

/** The server gives at most so many at a time. */
const PAGE = 200

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 to 999999.')
  return Number(text)
}

/** `gatehouse audit …` */
export function auditCommand(program: Command, io: Io): void {
  const audit = program.command('audit').description('The log of what was done through Gatehouse')
  auditExportCommand(audit, io)
  auditVerifyCommands(audit, io)
  auditKeepCommands(audit, io)
  withFilters(audit.command('list'))
    .description('List events, newest first')
    .option('--limit <n>', 'most events shown', wholeNumber, 20)
    .option('--follow', 'go on with new events as they come, until interrupted; oldest first')
    .action(async (options: ListOptions, command: Command) => {
      const context = contextOf(command, io)
      const { limit, follow = false, tenant, ...rest } = options
      if (follow && rest.to !== undefined) throw new Failure('usage', '--follow and --to exclude each other')
      const { actor, client, type, tool, outcome, from, to } = rest
      const id = tenant === undefined ? undefined : (await findTenant(context.api, tenant)).id
      const filters: Filters = { tenant: id, actor, client, type, tool, outcome, from, to }
      const read = (extra: Filters, most: number) => readEvents(context, { ...filters, ...extra }, most)
      const events = await read({}, limit)
      if (!follow) showList(context, { events }, events, COLUMNS)
      else await followEvents(events, { read, show: (event) => showOne(context, event), signal: io.signal })
    })
}

/** At most `limit` events, newest first, over as many pages as that takes. */
async function readEvents({ api }: Context, filters: Filters, limit: number): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = []
  let cursor: string | undefined
  do {
    const asked = String(Math.min(PAGE, limit - events.length))
    const answer = await api.get('/admin/v1/audit/events', { ...filters, limit: asked, cursor })
    events.push(...listIn<AuditEvent>(answer, 'events'))
    cursor = (answer as { readonly nextCursor?: string }).nextCursor
  } while (cursor !== undefined && events.length < limit)
  return events
}

/** One event a line, for machines as JSON. */
function showOne({ io, json }: Context, event: AuditEvent): void {
  io.out(json ? printableJson(event, 0) : plainLine(COLUMNS, event))
}
