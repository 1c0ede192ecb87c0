import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { ask } from './ask.ts'
import { containerOf } from './docker.ts'
import { findNats } from './find.ts'
import { missing } from './missing.ts'
import { type RunningServer, startServer } from './process.ts'

export interface NatsOptions {
  /** An existing folder, for its log and for JetStream's files, which outlive the server. */
  readonly dir: string
  readonly port: number
  /** To be one of several that keep their streams together. */
  readonly cluster?: NatsCluster
  /** Where it tells of itself over HTTP, `/healthz` among it; absent: nowhere. */
  readonly monitorPort?: number
}

export interface NatsCluster {
  readonly name: string
  /** On which the others reach this one. */
  readonly port: number
  /** Of all of them, this one too. */
  readonly ports: readonly number[]
}

/** Starts a NATS server with JetStream on 127.0.0.1. @throws Error when there is none, or when it does not answer */
export async function startNats({ dir, port, cluster, monitorPort }: NatsOptions): Promise<RunningServer> {
  // The others of a cluster know a server by its name: it keeps it when it comes back.
  const name = cluster === undefined ? `gatehouse-${randomUUID()}` : `${cluster.name}-${cluster.port}`
  const monitor = monitorPort === undefined ? [] : ['-m', `${monitorPort}`]
  const settings = ['-p', `${port}`, '-n', name, '-js', ...monitor, ...clusterSettings(cluster)]
  const common = {
    name: 'NATS',
    url: `nats://127.0.0.1:${port}`,
    cwd: dir,
    logFile: join(dir, 'nats.log'),
    answers: () => answers(port, name),
  }
  const binary = findNats()
  if (binary === undefined) {
    const container = containerOf('nats', { dir, port }) ?? missing('NATS')
    return startServer({ ...common, ...container, args: container.args([...settings, '-sd', container.dir]) })
  }
  const args = [...settings, '-a', '127.0.0.1', '-sd', dir]
  return startServer({ ...common, command: binary, args, stopSignal: 'SIGTERM' })
}

/** Where its files are in a container, others of its kind are not reachable: such a server is of a cluster on the machine itself only. */
function clusterSettings(cluster: NatsCluster | undefined): string[] {
  if (cluster === undefined) return []
  const routes = cluster.ports.map((port) => `nats://127.0.0.1:${port}`).join(',')
  return ['--cluster_name', cluster.name, '--cluster', `nats://127.0.0.1:${cluster.port}`, '--routes', routes]
}

/** Another server may have taken the port a moment before: only the one with the name that we gave counts. */
async function answers(port: number, name: string): Promise<boolean> {
  const greeting = await ask(port, '', (answer) => answer.includes('\r\n'))
  const info = JSON.parse(greeting.slice('INFO '.length, greeting.indexOf('\r\n'))) as Record<string, unknown>
  return info.server_name === name && info.jetstream === true
}
