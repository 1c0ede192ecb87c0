import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** A service as a process of its own. */
export interface ServiceProcess {
  readonly name: string
  readonly url: string
  readonly pid: number
  /** Exit code or signal, when it has ended. */
  readonly ended: Promise<string>
  stop(withinMs?: number): Promise<string>
  kill(): Promise<string>
  /** Stops it where it is, as a machine that hangs does; its connections stay open. `thaw` lets it go on. */
  freeze(): void
  thaw(): void
}

export interface ServiceSpec {
  readonly name: string
  /** The main to run, relative to the root of the workspace. */
  readonly main: string
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  readonly surroundings: Surroundings
  /** Folder for `<name>.log`. */
  readonly logs: string
}

/** The loader that Node before 22.18 needs to run the sources. */
export const NODE_ARGS = ['--import', 'tsx']

/**
 * Starts a service and waits until `/readyz` says so.
 * @throws where another process answers at its port; with the end of its log when it ends or is late
 */
export async function startService(spec: ServiceSpec, withinMs = 90_000): Promise<ServiceProcess> {
  const host = spec.host ?? '127.0.0.1'
  const url = `http://${host}:${spec.port}`
  // Where the service says how it is.
  const health = `http://${host}:${spec.env.HEALTH_PORT ?? spec.port}`
  for (const taken of new Set([url, health])) {
    // Another process would be taken for this one, and this one would end unseen.
    if (await isListening(taken)) throw new Error(`${spec.name} cannot start: a process listens at ${taken}`)
  }
  const log = createWriteStream(join(spec.logs, `${spec.name}.log`), { flags: 'a' })
  const child = spawn(process.execPath, [...NODE_ARGS, join(root, spec.main)], {
    cwd: root,
    env: { ...inherited(spec.surroundings), ...spec.env, HOST: host, PORT: String(spec.port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const tail = keepLog(child, log)
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      log.end()
      resolve(signal ?? String(code))
    })
  })
  const end = async (signal: NodeJS.Signals, withinMs: number): Promise<string> => {
    child.kill(signal)
    const late = new AbortController()
    const result = await Promise.race([ended, pause(withinMs, 'late', { signal: late.signal }).catch(() => 'late')])
    late.abort()
    if (result !== 'late') return result
    child.kill('SIGKILL')
    return ended
  }
  const service: ServiceProcess = {
    name: spec.name,
    url,
    pid: child.pid ?? 0,
    ended,
    stop: (ms = 15_000) => end('SIGTERM', ms),
    kill: () => end('SIGKILL', 5_000),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  }
  let over = false
  void ended.then(() => {
    over = true
  })
  const deadline = Date.now() + withinMs
  while (over || !(await isReady(health))) {
    if (over || Date.now() > deadline) {
      const how = over ? `ended with ${await ended}` : 'was not ready in time'
      await service.kill()
      throw new Error(`${spec.name} ${how}:\n${tail().slice(-4_000)}`)
    }
    await pause(50)
  }
  return service
}

/** What a child needs from the surroundings of the process that starts it, and nothing that would configure it. */
export type Surroundings = Readonly<Record<string, string | undefined>>

export function inherited({ PATH, HOME, TMPDIR, NODE_ENV }: Surroundings): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, NODE_ENV }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  )
}

function keepLog(child: ChildProcess, log: WriteStream): () => string {
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('utf8')).slice(-16_000)
      if (!log.writableEnded) log.write(chunk)
    })
  }
  return () => tail
}

function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    const end = (listening: boolean) => {
      socket.destroy()
      resolve(listening)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    return answer.status === 200
  } catch {
    return false
  }
}
