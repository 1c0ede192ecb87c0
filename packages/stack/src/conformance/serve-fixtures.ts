import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadProfile } from '@gatehouse/profiles'
import type { Closing } from '@gatehouse/service'
import { createLogger } from '@gatehouse/telemetry'
import { freePort } from '@gatehouse/testkit'
import { startCluster } from '../cluster/cluster.ts'
import type { Surroundings } from '../cluster/process.ts'
import { assembleHouse } from '../house.ts'
import { modernClient } from '../scenarios/clients.ts'
import { authorizeInPages } from '../scenarios/person.ts'
import { openSecrets, type Secrets } from '../secrets.ts'
import { startInjectingProxy } from './injecting-proxy.ts'

const PROFILE = 'conformance'
const CALLBACK = 'http://127.0.0.1:33418/callback'

export interface ServeOptions {
  /** Several: real parts, and the cluster's balancer, which picks a node at random for every request. Else one process. */
  readonly nodes: number | undefined
  /** Of several: whether nginx stands before them, and not our own balancer. */
  readonly nginx?: boolean
  /** Empty; for data and logs. */
  readonly folder: string
  readonly surroundings: Surroundings
}

export interface ServedFixtures {
  /** Origin that the suite is given: the proxy that adds the token. It is the public one of the services behind it as well. */
  readonly publicUrl: string
  readonly mcpUrl: string
  readonly secrets: Secrets
  /** The access token that requests get. */
  readonly token: string
}

/** The fixture catalog behind OAuth as it always is, and in front of it what a client without credentials needs. */
export async function serveFixtures(options: ServeOptions, closing: Closing): Promise<ServedFixtures> {
  const proxy = closing(await startInjectingProxy())
  const publicUrl = `http://localhost:${proxy.port}`
  const profile = loadProfile(PROFILE)
  mkdirSync(options.folder, { recursive: true })
  const given = { adminToken: undefined, demoApiKey: undefined, demoPassword: undefined }
  const secrets = await openSecrets(options.folder, profile.apiKeyPrefix, given)
  proxy.target = await (options.nodes === undefined ? one : several)(options, publicUrl, secrets, closing)

  const mcpUrl = `${publicUrl}${profile.paths.mcp}`
  const client = modernClient(mcpUrl, CALLBACK)
  const person = { email: 'member@acme.test', password: secrets.demoPassword }
  await client.connect(await authorizeInPages(await client.connectAsStranger(), CALLBACK, person))
  const { accessToken: token } = client.provider.held()
  await client.close()
  proxy.authorization = `Bearer ${token}`
  return { publicUrl, mcpUrl, secrets, token }
}

type Address = { readonly host: string; readonly port: number }

async function one(
  { surroundings }: ServeOptions,
  publicUrl: string,
  secrets: Secrets,
  closing: Closing,
): Promise<Address> {
  const production = surroundings.NODE_ENV === 'production'
  const parts = { database: undefined, databaseOwner: undefined, redis: undefined, nats: undefined }
  const log = createLogger('conformance', { level: 'fatal' })
  const profile = loadProfile(PROFILE)
  const house = await assembleHouse(
    { profile, publicUrl, parts, folder: undefined, secrets, demo: true, log, production },
    closing,
  )
  const address = { host: '127.0.0.1', port: await freePort() }
  await house.server.listen(address)
  await house.ready()
  return address
}

async function several(
  { folder, nodes = 2, nginx = false, surroundings }: ServeOptions,
  publicUrl: string,
  secrets: Secrets,
  closing: Closing,
): Promise<Address> {
  const own = { folder: join(folder, 'cluster'), port: 0, mcpNodes: nodes, profile: PROFILE, secrets, demo: true }
  mkdirSync(own.folder, { recursive: true, mode: 0o711 })
  const cluster = closing(await startCluster({ ...own, publicUrl, nginx, surroundings }))
  return { host: '127.0.0.1', port: Number(new URL(cluster.balancerUrl).port) }
}
