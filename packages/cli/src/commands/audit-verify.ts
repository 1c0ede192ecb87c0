import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import {
  createHeadReader,
  createVerification,
  describeFinding,
  type ProofLine,
  type ReadHead,
  type Report,
  readProofLine,
  type SignedHead,
} from '@gatehouse/audit-proof'
import type { Command } from 'commander'
import { type Context, contextOf, noteTo } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printableJson } from '../printable.ts'
import { findTenant } from '../tenant-lookup.ts'

interface VerifyOptions {
  readonly tenant?: string
  readonly head?: string
  readonly export?: string
  readonly jwks?: string
}

type Keys = Extract<ProofLine, { kind: 'evidence' }>['jwks']

/** `gatehouse audit verify`, `gatehouse audit heads` */
export function auditVerifyCommands(audit: Command, io: Io): void {
  audit
    .command('verify')
    .description('Check that no event was changed, removed, added or moved; ends with 1 when one was')
    .option('--tenant <slug or id>', 'only the rows of this tenant')
    .option('--head <file>', 'heads that were kept, one a line; without it those of the bus')
    .option('--export <file>', 'verify an export of the format "proof", without a server')
    .option('--jwks <file>', 'key set of the audit service, kept from before; without it the server is asked')
    .action(async (options: VerifyOptions, command: Command) => {
      const { json = false } = command.optsWithGlobals<{ json?: boolean }>()
      const note = noteTo(io, json)
      const report = options.export === undefined ? await online(options, command, io) : await offline(options, note)
      if (json) io.out(printableJson(report))
      else show(report, io)
      const { length } = report.findings
      if (length > 0) throw new Failure('refused', `the log is not what was signed: ${length} findings`)
    })
  audit
    .command('heads')
    .description('Print the signed heads that the bus has, to be kept elsewhere for "verify --head"')
    .option('--tenant <slug or id>', 'only of this tenant and of the list of tenants')
    .action(async ({ tenant }: VerifyOptions, command: Command) => {
      const context = contextOf(command, io)
      const lines = context.api.lines('/admin/v1/audit/heads', { tenant: await idOf(context, tenant) })
      const heads: string[] = []
      for await (const head of lines) {
        if (context.json) heads.push(head)
        else io.out(head)
      }
      if (context.json) io.out(printableJson({ heads }))
    })
}

async function online(options: VerifyOptions, command: Command, io: Io): Promise<Report> {
  const context = contextOf(command, io)
  const { api } = context
  const keys = options.jwks === undefined ? await api.get('/admin/v1/audit/jwks.json') : readJson(options.jwks)
  const tenant = await idOf(context, options.tenant)
  const readHead = createHeadReader(keySet(keys))
  // Before the rows: what is sealed while they are read is newer than these.
  const given = options.head === undefined ? api.lines('/admin/v1/audit/heads', { tenant }) : linesOf(options.head)
  const external = await headsOf(given, readHead, tenant)
  return verify(api.lines('/admin/v1/audit/proof', { tenant }), { readHead, external }, context.note)
}

async function offline(options: VerifyOptions, note: Context['note']): Promise<Report> {
  const path = options.export as string
  let keys: Keys
  if (options.jwks === undefined) {
    const [first] = await firstOf(linesOf(path))
    const line = first === undefined ? undefined : readLine(first)
    if (line?.kind !== 'evidence') throw new Failure('usage', `${path} is no export of the format "proof"`)
    keys = line.jwks
    note('The keys are those of the export itself: whoever made it could have signed it. See --jwks.')
  } else keys = keySet(readJson(options.jwks))
  const readHead = createHeadReader(keys)
  const external = options.head === undefined ? [] : await headsOf(linesOf(options.head), readHead, undefined)
  return verify(linesOf(path), { readHead, external }, note)
}

const TOLD_EVERY = 100_000

async function verify(
  lines: AsyncIterable<string>,
  options: { readonly readHead: ReadHead; readonly external: readonly SignedHead[] },
  note: Context['note'],
): Promise<Report> {
  const verification = createVerification(options)
  let rows = 0
  for await (const text of lines) {
    const line = readLine(text)
    await verification.line(line)
    if (line.kind === 'row') rows += 1
    if (line.kind === 'row' && rows % TOLD_EVERY === 0) note(`${rows.toLocaleString('en')} rows …`)
  }
  return verification.end()
}

function show({ findings, rows, tenants, unsealed, dropped }: Report, io: Io): void {
  for (const finding of findings) io.out(describeFinding(finding))
  io.out(
    `${rows} rows of ${tenants} tenants${findings.length === 0 ? ' are as they were signed' : ' were read'}; ${dropped} more were dropped when their time was over, ${unsealed} are not sealed yet.`,
  )
}

/** Heads of other chains are left out; one that is not signed by the keys is worth nothing and said so. */
async function headsOf(
  lines: AsyncIterable<string>,
  readHead: ReadHead,
  tenant: string | undefined,
): Promise<readonly SignedHead[]> {
  const heads: SignedHead[] = []
  for await (const line of lines) {
    if (line.trim() === '') continue
    const read = await readHead(line.trim())
    if (typeof read === 'string') throw new Failure('refused', `a head from outside is ${read}; look at who wrote it`)
    if (tenant === undefined || read.head.of === 'platform' || read.head.tenant === tenant) heads.push(read)
  }
  return heads
}

function readLine(text: string): ProofLine {
  try {
    return readProofLine(text)
  } catch {
    throw new Failure('refused', 'a line of the export cannot be read: it was altered, or is of another version')
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function firstOf(lines: AsyncGenerator<string>): Promise<readonly string[]> {
  for await (const line of lines) return [line]
  return []
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw unreadable(path, error)
  }
}

const unreadable = (path: string, error: unknown): Failure =>
  error instanceof Failure ? error : new Failure('usage', `cannot read ${path}`)

function keySet(value: unknown): Keys {
  const keys = (value as { keys?: unknown } | undefined)?.keys
  if (Array.isArray(keys)) return value as Keys
  throw new Failure('usage', 'that is no key set (RFC 7517 section 5)')
}

const idOf = async ({ api }: Context, tenant: string | undefined): Promise<string | undefined> =>
  tenant === undefined ? undefined : (await findTenant(api, tenant)).id
