import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { type Context, contextOf } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printableJson } from '../printable.ts'
import { findTenant } from '../tenant-lookup.ts'

/** Which events. */
export const withFilters = (command: Command): Command =>
  command
    .option('--tenant <slug or id>', 'only of this tenant')
    .option('--actor <id>', 'only what this person, key or service did')
    .option('--client <id>', 'only through this OAuth client')
    .option('--type <kind>', 'only events of this kind')
    .option('--tool <name>', 'only calls of this tool')
    .addOption(
      new Option('--outcome <outcome>', 'only what ended so').choices([
        'succeeded',
        'failed',
        'refused',
        'timed-out',
        'unknown',
      ]),
    )
    .option('--from <time>', 'only at or after this time, as 2026-01-31T12:00:00Z')
    .option('--to <time>', 'only before this time')

const FORMATS = ['jsonl', 'csv', 'ocsf', 'proof'] as const
type Format = (typeof FORMATS)[number]

interface ExportOptions {
  readonly tenant?: string
  readonly format: Format
  readonly out?: string
  readonly actor?: string
  readonly client?: string
  readonly type?: string
  readonly tool?: string
  readonly outcome?: string
  readonly from?: string
  readonly to?: string
}

/** `gatehouse audit export` */
export function auditExportCommand(audit: Command, io: Io): void {
  withFilters(audit.command('export'))
    .description('Write all events to a file or to standard output, newest first')
    .addOption(
      new Option('--format <format>', 'jsonl, csv, ocsf (for a SIEM), or proof: what "audit verify --export" reads')
        .choices(FORMATS)
        .default('jsonl'),
    )
    .option('--out <file>', 'a new file; without it standard output')
    .action(async (options: ExportOptions, command: Command) => {
      const context = contextOf(command, io)
      const { tenant: named, format, out, actor, client, type, tool, outcome, from, to } = options
      const filters = { actor, client, type, tool, outcome, from, to }
      if (format === 'proof' && Object.values(filters).some((filter) => filter !== undefined))
        throw new Failure('usage', 'a proof is of all events of a tenant, or of all tenants')
      const tenant = named === undefined ? undefined : (await findTenant(context.api, named)).id
      const lines =
        format === 'proof'
          ? context.api.lines('/admin/v1/audit/proof', { tenant })
          : context.api.lines('/admin/v1/audit/export', { ...filters, tenant, format })
      const count = await writeLines(context, lines, out)
      if (out !== undefined && context.json) io.out(printableJson({ file: out, lines: count }))
      else context.note(`${count.toLocaleString('en')} lines`)
    })
}

const TOLD_EVERY = 100_000
/** Characters gathered before they are written. */
const CHUNK = 65_536

async function writeLines(
  { io, note }: Context,
  lines: AsyncIterable<string>,
  out: string | undefined,
): Promise<number> {
  const target = out === undefined ? standardOutput(io) : await newFile(out)
  let count = 0
  let chunk = ''
  try {
    for await (const line of lines) {
      chunk += `${line}\n`
      count += 1
      if (count % TOLD_EVERY === 0) note(`${count.toLocaleString('en')} lines …`)
      if (chunk.length < CHUNK) continue
      await target.write(chunk)
      chunk = ''
    }
    await target.write(chunk)
    await target.end()
  } catch (error) {
    await target.discard()
    throw error
  }
  return count
}

interface Target {
  write(text: string): Promise<void>
  end(): Promise<void>
  /** A part of an export must not be taken for all of it. */
  discard(): Promise<void>
}

const standardOutput = (io: Io): Target => ({
  write: async (text) => (io.write === undefined ? io.out(text.trimEnd()) : io.write(text)),
  end: async () => undefined,
  discard: async () => undefined,
})

/** Readable by its owner alone: it says who did what. */
async function newFile(path: string): Promise<Target> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  const opened = new Promise<void>((resolve, reject) => file.once('open', () => resolve()).once('error', reject))
  await opened.catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', error.code === 'EEXIST' ? `${path} is there already` : `cannot write ${path}`)
  })
  return {
    write: (text) => new Promise((resolve, reject) => file.write(text, (error) => (error ? reject(error) : resolve()))),
    end: () =>
      new Promise((resolve, reject) => file.end((error?: Error | null) => (error ? reject(error) : resolve()))),
    discard: () => {
      file.destroy()
      return rm(path, { force: true })
    },
  }
}
