import { join } from 'node:path'
import { type NatsOptions, natsCluster, natsLeader, natsLeads } from '@gatehouse/testkit'
import type { ClusterPart } from './cluster.ts'

const SERVERS = 3
const nameOf = (at: number): string => `nats-${at + 1}`
const dirsOf = (folder: string): string[] => Array.from({ length: SERVERS }, (_, at) => join(folder, nameOf(at)))

/** Three servers that keep each stream three times; resolves when they have agreed on who leads. */
export async function startNatsServers(
  start: (name: string, more: Pick<NatsOptions, 'cluster'>) => Promise<ClusterPart>,
  folder: string,
): Promise<{ readonly nats: ClusterPart; readonly natsServers: readonly ClusterPart[] }> {
  const told = await natsCluster(SERVERS)
  const natsServers = await Promise.all(told.map((cluster, at) => start(nameOf(at), { cluster })))
  await natsLeads(dirsOf(folder))
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

/** Index of the server that said last that it leads. */
export const leaderOf = (folder: string): number | undefined => natsLeader(dirsOf(folder))
