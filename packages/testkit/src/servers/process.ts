import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../eventually.ts'

const READY_MS = 20_000
const STOP_MS = 10_000
const QUICK_END_MS = 5_000
const LOG_TAIL = 2_000
const HELD_PAUSE_MS = 100

/** A server that answers. */
export interface RunningServer {
  readonly url: string
  readonly pid: number
  /** Asks it to end, insists after ten seconds, and waits until it is gone. May be called again. */
  stop(): Promise<void>
  /** Sends a signal to the whole process group and does not wait; nothing happens when it is gone already. */
  kill(signal: NodeJS.Signals): void
  /** Ends it without ceremony before it returns: for the moment in which our own process ends. */
  endNow(): void
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>
}

/** How to start one kind of server. */
export interface ServerCommand {
  readonly name: string
  readonly url: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly logFile: string
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  readonly stopSignal: NodeJS.Signals
  /** How to signal it, where its process group is not ours to reach. */
  readonly signal?: (signal: NodeJS.Signals) => void
  /** For a server that leaves things in the system when it is killed: a harmless quick way, and how to see that it is over. */
  readonly quickEnd?: { readonly signal: NodeJS.Signals; over(): boolean }
  /** What its log says while parts of a killed predecessor have not ended yet: it is started again then. */
  readonly heldBy?: string
  /** Resolves to true when the server of this process id answers. */
  answers(pid: number): Promise<boolean>
}

/**
 * Starts a server as the leader of its own process group, so that a terminal's Ctrl-C reaches only us and we choose the order
 * of the end. Nothing of it keeps our own process alive.
 * @throws Error with the end of the server's log when it ends or stays silent for 20 s
 */
export async function startServer(server: ServerCommand): Promise<RunningServer> {
  const { heldBy, logFile } = server
  for (const until = performance.now() + READY_MS; ; await pause(HELD_PAUSE_MS)) {
    const before = existsSync(logFile) ? statSync(logFile).size : 0
    try {
      return await startOnce(server)
    } catch (error) {
      const held = heldBy !== undefined && readFileSync(logFile).subarray(before).includes(heldBy)
      if (!held || performance.now() > until) throw error
    }
  }
}

async function startOnce(server: ServerCommand): Promise<RunningServer> {
  const log = openSync(server.logFile, 'a')
  const child = spawn(server.command, server.args, {
    cwd: server.cwd,
    detached: true,
    stdio: ['ignore', log, log],
    ...server.user,
  })
  closeSync(log)
  child.unref()
  const ended = endOf(child)
  if (child.pid === undefined) {
    throw new Error(`${server.name} cannot be started`, {
      cause: await ended.then(
        () => undefined,
        (error) => error,
      ),
    })
  }
  const pid = child.pid
  const kill = (signal: NodeJS.Signals) => {
    if (hasEnded(child)) return
    // Its end is coming, and whoever asked for it may wait for it.
    if (signal === 'SIGKILL') child.ref()
    ;(server.signal ?? ((sent) => signalGroup(pid, sent)))(signal)
  }
  try {
    await eventually(READY_MS, `${server.name} to answer`, () => hasEnded(child) || server.answers(pid))
    if (hasEnded(child)) throw new Error(`${server.name} ended at once`)
  } catch (cause) {
    kill('SIGKILL')
    await ended
    throw new Error(`${server.name} does not run; its log ends with:\n${tail(server.logFile)}`, { cause })
  }
  const endNow = () => {
    if (server.quickEnd !== undefined && !hasEnded(child)) {
      kill(server.quickEnd.signal)
      waitHere(QUICK_END_MS, server.quickEnd.over)
    }
    kill('SIGKILL')
  }
  const stop = () =>
    stopped(
      child,
      ended,
      () => kill(server.stopSignal),
      () => kill('SIGKILL'),
    )
  return { url: server.url, pid, stop, kill, endNow, ended }
}

/** Asks, insists after ten seconds, and waits for the end. */
export async function stopped(child: ChildProcess, ended: Promise<void>, ask: () => void, insist: () => void) {
  if (hasEnded(child)) return
  child.ref()
  ask()
  const late = setTimeout(insist, STOP_MS)
  await ended
  clearTimeout(late)
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Resolves at the child's end, rejects when it could not be started. */
export function endOf(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
  ended.catch(() => undefined)
  return ended
}

/** A signal to everything in the process group that `leader` leads. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Blocks the process, which has no event loop any more at its end. */
function waitHere(deadlineMs: number, over: () => boolean): void {
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; waited < deadlineMs && !over(); waited += 2) Atomics.wait(clock, 0, 0, 2)
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').slice(-LOG_TAIL)
}
