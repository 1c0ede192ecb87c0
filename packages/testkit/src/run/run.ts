import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { startPostgres } from '../servers/postgres.ts'
import { batchesOf } from './batches.ts'
import { type CommandOptions, type Outcome, runCommand } from './command.ts'
import { describeFailures, firstOf, namesOf, readFailures } from './failures.ts'
import { findTests } from './find-tests.ts'
import { leftoverFiles, leftoverProcesses } from './leftovers.ts'
import { needsRealParts, readOptions } from './options.ts'
import { describeParts } from './parts.ts'
import { claimedBy, provenBy } from './proven.ts'
import { provideParts } from './provide.ts'
import { add, lastLine, NOTHING, type Tally, tally } from './tally.ts'

/** What the whole run may take on two cores, without what it had to install. More tests must not mean a longer wait. */
const BUDGET_MS = 21 * 60_000
const COVERAGE = 'docs/coverage.md'
/** One process of tests. It should take seconds; this ends one that hangs. */
export const FILE_MS = 180_000
const BATCH = join(import.meta.dirname, 'batch.ts')
const SEED = join(import.meta.dirname, 'seed.ts')
const JOBS = Math.min(2, availableParallelism())

const PASSED: Tally = { ...NOTHING, passed: 1 }
const FAILED: Tally = { ...NOTHING, failed: 1 }

/**
 * `npm test`: types, lint, and every test file, on real parts unless `--quick`. Ends what it started and fails when something
 * stays behind. @returns whether everything passed @throws Error when it could not begin
 */
export async function runTests(args: readonly string[], root: string, interrupted: AbortSignal): Promise<boolean> {
  const options = readOptions(args, root)
  const files = findTests(root, options)
  const real = files.some(needsRealParts)
  if (options.quick)
    console.log('quick: embedded parts only; tests on PostgreSQL, Redis, NATS and in a browser are left out')
  if (options.quick) process.env.GATEHOUSE_TEST_QUICK = '1'
  // Into our own environment: the shared server may have to run in a container too.
  if (real) Object.assign(process.env, await provideParts({ cwd: root, env: process.env, interrupted }))
  if (real) console.log(`real parts:\n${describeParts()}`)

  const started = performance.now()
  const failed: Failed[] = []
  const run = { cwd: root, env: process.env, interrupted, failed }
  let total = options.files.length > 0 ? NOTHING : await checks(run)
  const proven = new Set<string>()
  total = add(total, await inOwnFolder((folder, runId) => testFiles(files, real, { ...run, proven }, folder, runId)))
  if (interrupted.aborted) {
    console.log('interrupted')
    total = add(total, FAILED)
  }
  if (options.files.length === 0 && !options.quick && !interrupted.aborted) total = add(total, coverage(root, proven))
  total = add(total, budget(performance.now() - started))
  if (failed.length > 0) console.log(`what failed:\n${summaryOf(failed)}`)
  console.log(lastLine(total))
  return total.failed === 0
}

/** Something of a run that failed, for its end: a reader of a log that was cut sees all of them there. */
interface Failed {
  readonly name: string
  readonly how: string
  readonly tests: readonly string[]
}

type Run = CommandOptions & { readonly failed: Failed[] }

const summaryOf = (failed: readonly Failed[]): string =>
  failed
    .flatMap(({ name, how, tests }) => [
      `  ${name}${how === '' ? '' : `: ${how}`}`,
      ...tests.map((test) => `    ${test}`),
    ])
    .join('\n')

async function checks(run: Run): Promise<Tally> {
  const bin = (name: string) => join(run.cwd, 'node_modules', '.bin', name)
  const check = async (name: string, command: string, args: readonly string[]): Promise<Tally> => {
    const outcome = await runCommand(bin(command), args, run)
    if (!outcome.ok) run.failed.push({ name, how: outcome.how, tests: [] })
    return report(name, outcome, outcome.ok ? PASSED : FAILED, () => firstOf(outcome.output.split('\n')).join('\n'))
  }
  const types = await check('types', 'tsc', ['--noEmit'])
  return add(types, await check('lint', 'biome', ['check', '.']))
}

/** The run's temporary folder, which must be as empty at the end as its processes are gone. */
async function inOwnFolder(work: (folder: string, runId: string) => Promise<Tally>): Promise<Tally> {
  const runId = randomUUID()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-run-'))
  chmodSync(folder, 0o711)
  try {
    const total = await work(folder, runId)
    const processes = leftoverProcesses(runId, folder)
    for (const { pid, command } of processes) {
      console.log(`FAIL  left running: ${pid} ${command}`)
      process.kill(pid, 'SIGKILL')
    }
    const names = leftoverFiles(folder)
    if (names.length > 0) console.log(`FAIL  left in the temporary folder: ${names.join(', ')}`)
    return add(total, processes.length + names.length > 0 ? FAILED : PASSED)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

/** How test files are run, and where the requirements go that they prove. */
type TestRun = Run & { readonly proven: Set<string> }

async function testFiles(
  files: readonly string[],
  real: boolean,
  run: TestRun,
  folder: string,
  runId: string,
): Promise<Tally> {
  const variables = { TMPDIR: folder, GATEHOUSE_TEST_RUN: runId, TAP_TIMEOUT: '170' }
  const dir = join(folder, 'shared-postgres')
  if (!real) return queue(files, { ...run, env: { ...run.env, ...variables } })
  mkdirSync(dir, { mode: 0o711 })
  const server = await startPostgres({ dir, port: await freePort() })
  try {
    return await queue(files, { ...run, env: { ...run.env, ...variables, GATEHOUSE_TEST_POSTGRES: server.url } })
  } finally {
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Runs the files in their batches, two at a time. */
async function queue(files: readonly string[], run: TestRun): Promise<Tally> {
  const waiting = [...batchesOf(files)]
  let total = NOTHING
  const loader = createRequire(import.meta.url).resolve('tsx')
  const worker = async () => {
    for (let batch = waiting.shift(); batch !== undefined && !run.interrupted.aborted; batch = waiting.shift()) {
      const { name: room, files } = batch
      const entry = files.length === 1 ? files : [BATCH, ...files]
      const outcome = await runCommand(process.execPath, ['--import', loader, '--import', SEED, ...entry], {
        ...run,
        deadlineMs: FILE_MS,
      })
      const name = files.length === 1 ? (files[0] ?? room) : `${room} (${files.length} files)`
      const counted = tally(outcome.output, outcome.ok)
      const failures = () => readFailures(outcome.output, files)
      if (counted.failed > 0) run.failed.push({ name, how: outcome.how, tests: namesOf(failures()) })
      const told = () => describeFailures(failures())
      total = add(total, report(name, outcome, counted, told))
      for (const id of provenBy(outcome.output)) run.proven.add(id)
    }
  }
  await Promise.all(Array.from({ length: JOBS }, worker))
  return total
}

/** A line for what passed, its failures for what failed. */
function report(name: string, outcome: Outcome, counted: Tally, told: () => string): Tally {
  const seconds = `${(outcome.ms / 1000).toFixed(1)} s`.padStart(7)
  if (counted.failed === 0) {
    console.log(`ok   ${seconds}  ${name}${counted.skipped > 0 ? ` (${counted.skipped} skipped)` : ''}`)
    return counted
  }
  console.log(`FAIL ${seconds}  ${name}${outcome.ok ? '' : `: ${outcome.how}`}`)
  console.log(told().replace(/^/gm, '  | '))
  return counted
}

/** A requirement counts as proven when a test that cites it ran here and passed, not when one is written. */
function coverage(root: string, proven: ReadonlySet<string>): Tally {
  const missing = claimedBy(readFileSync(join(root, COVERAGE), 'utf8')).filter((id) => !proven.has(id))
  if (missing.length === 0) return PASSED
  console.log(`FAIL  ${COVERAGE} names a test for these, and none that passed here cites them: ${missing.join(', ')}`)
  return FAILED
}

function budget(ms: number): Tally {
  const within = ms <= BUDGET_MS
  console.log(`${within ? 'took' : 'FAIL  took'} ${(ms / 1000).toFixed(0)} s of ${BUDGET_MS / 1000} s`)
  return within ? PASSED : FAILED
}
