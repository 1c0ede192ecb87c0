import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gatehouse/testkit'
import { inherited, NODE_ARGS, type Surroundings } from '../cluster/process.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Servers on the first core, load on the others; without `taskset` or a second core the table says so. */
export const pinned = cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0

export interface BenchServer {
  readonly url: string
  /** Seconds of processor that it has used since it began; `undefined` where the system does not tell. */
  processorSeconds(): number | undefined
  stop(): Promise<void>
}

/** Starts a script that listens on the port in its environment or arguments, and waits for its first answer. */
export async function startBenchServer(
  script: string,
  options: {
    readonly args?: readonly string[]
    readonly nodeArgs?: readonly string[]
    /** For an entry of the product: it is told everything, its port too, by its environment alone. */
    readonly env?: Readonly<Record<string, string>>
    /** What it says goes to this file; absent: nowhere. */
    readonly logFile?: string | undefined
    /** Any path that answers when the server is up. */
    readonly path: string
    readonly surroundings: Surroundings
  },
): Promise<BenchServer> {
  const port = await freePort()
  const told = options.env === undefined ? [...(options.args ?? []), String(port)] : []
  const command = [process.execPath, ...(options.nodeArgs ?? []), ...NODE_ARGS, script, ...told]
  const [program = '', ...args] = pinned ? ['taskset', '-c', '0', ...command] : command
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a')
  const child = spawn(program, args, {
    cwd: root,
    env: { ...inherited(options.surroundings), ...options.env, PORT: String(port), NODE_ENV: 'development' },
    stdio: ['ignore', log ?? 'ignore', 'inherit'],
  })
  if (log !== undefined) closeSync(log)
  const url = `http://127.0.0.1:${port}`
  await answers(child, `${url}${options.path}`)
  return { url, processorSeconds: () => processorSeconds(child.pid), stop: () => end(child) }
}

/** User and system time of a process (Linux, `proc(5)`: fields 14 and 15 of `stat`, in ticks of a hundredth of a second). */
export function processorSeconds(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number)
    return user === undefined || system === undefined ? undefined : (user + system) / 100
  } catch {
    return undefined
  }
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${url}: the server ended at once`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) {
      await answer.body?.cancel()
      return
    }
    if (Date.now() > deadline) throw new Error(`${url}: no answer within a minute`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
