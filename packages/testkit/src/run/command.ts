import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { hasEnded, signalGroup } from '../servers/process.ts'

const INSIST_MS = 5_000

export interface Outcome {
  readonly output: string
  readonly ok: boolean
  /** Why not: the exit code, the signal, or the time. */
  readonly how: string
  readonly ms: number
}

export interface CommandOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly deadlineMs?: number
  /** Aborted when the run shall end. */
  readonly interrupted: AbortSignal
  /** Hand the output on as it comes, instead of keeping it. */
  readonly show?: boolean
}

/** Runs a command in a process group of its own, which does not outlive the deadline or an interruption. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<Outcome> {
  const started = performance.now()
  const since = () => performance.now() - started
  if (options.interrupted.aborted) return { output: '', ok: false, how: 'interrupted', ms: 0 }
  const stdio = options.show === true ? 'inherit' : 'pipe'
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', stdio, stdio] })
  const { pid } = child
  const output: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk))

  let ending: string | undefined
  const end = async (why: string) => {
    if (pid === undefined || ending !== undefined) return
    ending = why
    signalGroup(pid, 'SIGTERM')
    await pause(INSIST_MS, undefined, { ref: false })
    if (!hasEnded(child)) signalGroup(pid, 'SIGKILL')
  }
  const deadline = setTimeout(
    () => void end(`took longer than ${options.deadlineMs} ms`),
    options.deadlineMs ?? 2 ** 31 - 1,
  )
  const onInterrupt = () => void end('interrupted')
  options.interrupted.addEventListener('abort', onInterrupt)

  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      // Something it left behind may hold its output open: what is there by now is all that is waited for.
      const done = () => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`)
      child.once('close', done)
      setTimeout(done, 200).unref()
    })
  })
  clearTimeout(deadline)
  options.interrupted.removeEventListener('abort', onInterrupt)
  const how = ending ?? failure
  return { output: Buffer.concat(output).toString(), ok: how === undefined, how: how ?? '', ms: since() }
}
