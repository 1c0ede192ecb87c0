import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'
import { freePort } from '../free-port.ts'
import type { Scope } from '../scope.ts'
import { type TestServer, testServer } from './for-tests.ts'
import { type NatsCluster, startNats } from './nats.ts'

const LEADER_MS = 30_000
const LEADS = 'Self is new JetStream cluster metadata leader'

/** What each of so many servers is told, so that they keep their streams together. */
export async function natsCluster(servers: number): Promise<readonly NatsCluster[]> {
  const ports = await Promise.all(Array.from({ length: servers }, () => freePort()))
  return ports.map((port) => ({ name: 'gatehouse', port, ports }))
}

/** Of servers with these folders, the index of the one that said last that it leads. */
export function natsLeader(dirs: readonly string[]): number | undefined {
  const said = dirs.map((dir, server) => {
    const log = readFileSync(join(dir, 'nats.log'), 'utf8')
    const at = log.lastIndexOf(LEADS)
    const line = at < 0 ? '' : log.slice(log.lastIndexOf('\n', at) + 1, at)
    return { server, when: /\d{4}\/\d\d\/\d\d [\d:.]+/.exec(line)?.[0] ?? '' }
  })
  const last = said.sort((a, b) => a.when.localeCompare(b.when)).at(-1)
  return last === undefined || last.when === '' ? undefined : last.server
}

/** Resolves when one of them leads. @throws when none does in time */
export async function natsLeads(dirs: readonly string[]): Promise<void> {
  await eventually(LEADER_MS, 'the NATS servers to choose a leader', () => natsLeader(dirs) !== undefined)
}

/** Resolves when the server has what the others have, of every stream. @throws when it has not in time */
export async function natsCaughtUp(monitorPort: number): Promise<void> {
  await eventually(LEADER_MS, 'the NATS server to have caught up', async () => {
    return (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).ok
  })
}

/** Three NATS servers of the test's own that keep their streams together; one that comes back has caught up. @throws Error when the machine has none */
export async function natsServers(
  t: Scope,
): Promise<{ readonly url: string; readonly servers: readonly TestServer[] }> {
  const dirs: string[] = []
  let formed = false
  const servers = await Promise.all(
    (await natsCluster(3)).map(async (cluster) => {
      const monitorPort = await freePort()
      return testServer(t, async (place) => {
        if (!dirs.includes(place.dir)) dirs.push(place.dir)
        const server = await startNats({ ...place, cluster, monitorPort })
        // Without it there would be no quorum when the next one ends.
        if (formed) await natsCaughtUp(monitorPort)
        return server
      })
    }),
  )
  await natsLeads(dirs)
  formed = true
  return { url: servers.map(({ url }) => url).join(','), servers }
}
