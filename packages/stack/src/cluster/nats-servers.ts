import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, freePort, type NatsOptions } from '@gatehouse/testkit'
import type { ClusterPart } from './cluster.ts'

const SERVERS = 3
const LEADER_MS = 20_000

/** Three servers that keep each stream three times; resolves when they have agreed on who leads. */
export async function startNatsServers(
  start: (name: string, more: Pick<NatsOptions, 'cluster'>) => Promise<ClusterPart>,
  folder: string,
): Promise<{ readonly nats: ClusterPart; readonly natsServers: readonly ClusterPart[] }> {
  const names = Array.from({ length: SERVERS }, (_, at) => `nats-${at + 1}`)
  const ports = await Promise.all(names.map(freePort))
  const natsServers = await Promise.all(
    names.map((name, at) => start(name, { cluster: { name: 'gatehouse', port: ports[at] ?? 0, ports } })),
  )
  await eventually(LEADER_MS, 'the NATS servers to choose a leader', () => leaderOf(folder) !== undefined)
  const all = async (step: (server: ClusterPart) => Promise<void>): Promise<void> => {
    await Promise.all(natsServers.map(step))
  }
  const nats: ClusterPart = {
    url: natsServers.map(({ url }) => url).join(','),
    pid: natsServers[0]?.pid ?? 0,
    stop: () => all((server) => server.stop()),
    kill: () => all((server) => server.kill()),
    start: () => all((server) => server.start()),
  }
  return { nats, natsServers }
}

const LEADS = 'Self is new JetStream cluster metadata leader'

/** Index of the server that said last that it leads. */
export function leaderOf(folder: string): number | undefined {
  const said = Array.from({ length: SERVERS }, (_, at) => {
    const log = readFileSync(join(folder, `nats-${at + 1}`, 'nats.log'), 'utf8')
    const at_ = log.lastIndexOf(LEADS)
    const line = log.slice(log.lastIndexOf('\n', at_) + 1, at_)
    return { at, when: at_ < 0 ? '' : (/\d{4}\/\d\d\/\d\d [\d:.]+/.exec(line)?.[0] ?? '') }
  })
  const last = said.sort((a, b) => a.when.localeCompare(b.when)).at(-1)
  return last === undefined || last.when === '' ? undefined : last.at
}
