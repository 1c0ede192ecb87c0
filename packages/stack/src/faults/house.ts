import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBus } from '@gatehouse/bus'
import { dataOf, readEventMessage, STREAMS } from '@gatehouse/contracts'
import { type DatabaseHost, openDatabase, sql } from '@gatehouse/database'
import { loadProfile, parseProfile } from '@gatehouse/profiles'
import { eventually } from '@gatehouse/testkit'
import { type Cluster, type ClusterOptions, startCluster } from '../cluster/cluster.ts'
import type { Surroundings } from '../cluster/process.ts'
import { openSecrets } from '../secrets.ts'
import { addTo, CounterChanged, SCOPE } from './counters/catalog.ts'
import type { Change } from './oracle.ts'

/** A cluster that serves counters, its recorded log of changes, and a way to change them behind its back. */
export interface FaultHouse {
  readonly cluster: Cluster
  readonly apiKey: string
  readonly adminToken: string
  /** Of the demo accounts. */
  readonly demoPassword: string
  readonly host: DatabaseHost
  /** Whose counters these are. */
  readonly tenant: string
  /** Everything that the domain stream stored, in its order. */
  readonly changes: readonly Change[]
  close(): Promise<void>
}

export const uriOf = (id: string): string => `proof://counters/${id}`

/** @throws what a part of it throws; what had been started is ended */
export async function openFaultHouse(options: {
  readonly folder: string
  readonly surroundings: Surroundings
  readonly more?: Partial<Pick<ClusterOptions, 'mcpNodes' | 'natsServers' | 'relays' | 'nginx'>>
  readonly nodeEnv?: Readonly<Record<string, string>>
}): Promise<FaultHouse> {
  const { folder, surroundings } = options
  const given = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }
  const base = loadProfile('conformance')
  const profile = join(folder, 'counters.json')
  const text = JSON.stringify({
    ...base,
    name: 'counters',
    uriScheme: 'proof',
    catalogs: [fileURLToPath(new URL('counters/catalog.ts', import.meta.url))],
    scopes: [{ name: SCOPE, text: 'Use counters' }],
    defaultScopes: [SCOPE],
    // As many requests as a proof makes.
    limits: { requestsPerMinute: 1_000_000_000 },
  })
  parseProfile(text, profile)
  writeFileSync(profile, text)
  const secrets = await openSecrets(folder, base.apiKeyPrefix, given)
  const cluster = await startCluster({
    folder,
    port: 0,
    mcpNodes: 2,
    profile,
    secrets,
    demo: true,
    journal: true,
    surroundings,
    ...options.more,
    nodeEnv: {
      STREAMS_PER_PRINCIPAL: '20000',
      STREAMS_PER_NODE: '20000',
      STREAMS_PER_TENANT: '20000',
      ...options.nodeEnv,
    },
  })
  try {
    const { demoApiKey: apiKey, adminToken, demoPassword } = secrets
    return await around(cluster, { apiKey, adminToken, demoPassword })
  } catch (error) {
    await cluster.close()
    throw error
  }
}

async function around(
  cluster: Cluster,
  secrets: Pick<FaultHouse, 'apiKey' | 'adminToken' | 'demoPassword'>,
): Promise<FaultHouse> {
  const host = await openDatabase(cluster.postgres.url)
  const bus = await openBus(cluster.nats.url, { name: 'proof' })
  const changes: Change[] = []
  const follower = await bus.follow(STREAMS.domain.name, { from: 'first' }, (message) => {
    const event = readEventMessage(message)
    const data = event && dataOf(CounterChanged, event)
    if (data === undefined) return
    const { sequence, time } = message
    changes.push({ uri: uriOf(data.id), sequence, time: time.getTime(), value: data.value })
  })
  // The demo key is of the organisation whose slug is acme.
  const tenant = await host
    .as('gatehouse_auth')
    .asPlatform('proof', (tx) => tx.one<{ id: string }>(sql`select id from auth.tenants where slug = 'acme'`))
  // One change there has been: a stream without any tells a client that comes back nothing of where it was.
  const now = new Date()
  const principal = { tenant: tenant.id } as Parameters<typeof addTo>[2]['principal']
  await host.as('gatehouse_mcp').asTenant(tenant.id, (tx) => addTo(tx, ['c1'], { principal, now }))
  await eventually(30_000, 'the first change', () => changes.length > 0)
  return {
    ...secrets,
    cluster,
    host,
    tenant: tenant.id,
    changes,
    async close() {
      await follower.stop()
      await bus.close()
      await host.close()
      await cluster.close()
    },
  }
}
