import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'

const IMAGES = { postgres: 'postgres:17', redis: 'redis:7', nats: 'nats:2.10' } as const

export interface Container {
  readonly command: string
  /** Where the folder lies inside. */
  readonly dir: string
  readonly stopSignal: NodeJS.Signals
  /** `docker run` cannot hand on SIGKILL and SIGSTOP. */
  signal(signal: NodeJS.Signals): void
  /** The arguments of `docker` that run these in the container. */
  args(inside: readonly string[]): string[]
}

/**
 * The same server from a container, for machines without its binary; `GATEHOUSE_TEST_DOCKER=1` allows it. `docker run` stays in
 * the foreground and hands signals on that can be handed on; the container removes itself and its files belong to our own user.
 */
export function containerOf(
  image: keyof typeof IMAGES,
  { dir, port }: { dir: string; port: number },
  env: Readonly<Record<string, string>> = {},
): Container | undefined {
  if (process.env.GATEHOUSE_TEST_DOCKER !== '1') return undefined
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const name = `gatehouse-${randomUUID()}`
  const flags = ['run', '--rm', '--init', '--name', name, '--user', user]
  const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  const place = ['-p', `127.0.0.1:${port}:${port}`, '-v', `${dir}:/gatehouse`]
  return {
    command: 'docker',
    dir: '/gatehouse',
    stopSignal: 'SIGTERM',
    signal: (signal) => void spawnSync('docker', ['kill', '--signal', signal, name], { stdio: 'ignore' }),
    args: (inside) => [...flags, ...variables, ...place, IMAGES[image], ...inside],
  }
}

/** Whether a Docker engine answers. */
export function dockerWorks(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0
}
