import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { atExit } from './at-exit.ts'
import type { Scope } from './scope.ts'
import { endOf, hasEnded, signalGroup, stopped } from './servers/process.ts'

const READY_MS = 30_000
/** What a child needs of our own environment to run at all, and to be found by the test runner if it stays behind. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'GATEHOUSE_TEST_RUN', 'GATEHOUSE_TEST_POSTGRES', 'GATEHOUSE_TEST_DOCKER']

/** A main that runs beside the test. */
export interface NodeProcess {
  readonly pid: number
  /**
   * Waits for a line of its output (stdout or stderr), also one that it has already written.
   * @returns the line, @throws Error with its output when it ends before or is silent for `deadlineMs` (default 30 s)
   */
  ready(line: string | RegExp, deadlineMs?: number): Promise<string>
  /** Everything it has written. */
  output(): string
  /** SIGTERM, after ten seconds SIGKILL; resolves when it is gone. */
  stop(): Promise<void>
  /** A signal to it and to the children in its process group. */
  kill(signal: NodeJS.Signals): void
  /** Resolves with how it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/**
 * Starts a TypeScript main as a process of its own, ended with the test. Its environment is `env` and little else.
 * @param script an absolute path
 */
export function spawnNode(
  t: Scope,
  script: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): NodeProcess {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  const child = spawn(process.execPath, ['--import', loader, script, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...env },
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${process.execPath} cannot be started`)
  let written = ''
  const listeners = new Set<() => void>()
  const wake = () => {
    for (const listener of [...listeners]) listener()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      written += chunk
      wake()
    })
  }
  const ended = endOf(child)
  child.once('close', wake)

  const kill = (signal: NodeJS.Signals) => {
    if (!hasEnded(child)) signalGroup(pid, signal)
  }
  const stop = () =>
    stopped(
      child,
      ended,
      // Only the main itself: it ends its children in its own order.
      () => child.kill('SIGTERM'),
      () => kill('SIGKILL'),
    )
  const forget = atExit(() => kill('SIGKILL'))
  t.teardown(async () => {
    await stop()
    forget()
  })

  const ready = (line: string | RegExp, deadlineMs = READY_MS) =>
    new Promise<string>((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        listeners.delete(look)
        act()
      }
      const give = (why: string) => settle(() => reject(new Error(`${why} before it wrote ${line}:\n${written}`)))
      const look = () => {
        const found = written
          .split('\n')
          .find((one) => (typeof line === 'string' ? one.includes(line) : line.test(one)))
        if (found !== undefined) settle(() => resolve(found))
        else if (hasEnded(child)) give(`${script} ended`)
      }
      const timer = setTimeout(() => give(`${deadlineMs} ms passed`), deadlineMs)
      listeners.add(look)
      look()
    })

  return {
    pid,
    ready,
    output: () => written,
    stop,
    kill,
    ended: ended.then(() => ({ code: child.exitCode, signal: child.signalCode })),
  }
}
