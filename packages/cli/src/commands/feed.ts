import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { type Context, contextOf, showDone } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printable, printableJson } from '../printable.ts'

interface Status {
  readonly feed: string
  readonly whole: boolean
  readonly readable: boolean
  readonly missing: number
  readonly tenants: number
  readonly revocations: number
  readonly waiting: number
  readonly tickedAt?: string
}

const ASK_AGAIN_MS = 500
const WHOLE_WITHIN_MS = 120_000

/** `gatehouse feed`: what nodes read to know what was taken back. */
export function feedCommand(program: Command, io: Io): void {
  const feed = program.command('feed').description('The feed of state and revocations that nodes read')

  feed
    .command('status')
    .description('Say how the feed stands, read as a node reads it that starts now; exit code 1 when it is not whole')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const status = await read(context)
      if (context.json) io.out(printableJson(status))
      else io.out(inWords(status))
      if (!status.whole) throw new Failure('refused', 'the feed is not whole; "gatehouse feed rebuild" tells it anew')
    })

  feed
    .command('rebuild')
    .description(
      'Delete both streams of the feed and tell them anew; nodes ask about each token until they have read them',
    )
    .option('--no-wait', 'do not wait until the feed is whole again')
    .action(async ({ wait }: { wait: boolean }, command: Command) => {
      const context = contextOf(command, io)
      const begun = (await context.api.send('POST', '/admin/v1/feed/rebuild', {})) as { readonly carriedOver: number }
      if (!wait) return showDone(context, begun, 'The streams are created anew, and are being told what they hold.')
      const status = await untilWhole(context)
      showDone(context, { ...begun, ...status }, `The feed is rebuilt. ${inWords(status)}`)
    })
}

const read = async ({ api }: Context): Promise<Status> => (await api.get('/admin/v1/feed')) as Status

/** Tells on standard error how far it is, whenever that has changed. */
async function untilWhole(context: Context): Promise<Status> {
  const { io, note } = context
  const deadline = performance.now() + WHOLE_WITHIN_MS
  let told = ''
  for (;;) {
    const status = await read(context)
    if (status.whole) return status
    const line = `${status.missing} to be told, ${status.waiting} on their way …`
    if (line !== told) note(line)
    told = line
    if (performance.now() > deadline) throw new Failure('refused', `the feed is not whole yet: ${inWords(status)}`)
    await pause(ASK_AGAIN_MS, undefined, io.signal === undefined ? {} : { signal: io.signal })
  }
}

function inWords({ feed, whole, readable, missing, tenants, revocations, waiting, tickedAt }: Status): string {
  const stands = whole ? 'is whole' : readable ? `lacks ${missing}` : 'cannot be read'
  const ticked = tickedAt === undefined ? 'never ticked' : `ticked last at ${tickedAt}`
  return printable(
    `Feed ${feed} ${stands}: it tells of ${tenants} tenants and ${revocations} revocations, ${waiting} wait, it ${ticked}.`,
  )
}
