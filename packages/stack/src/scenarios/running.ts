import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '@gatehouse/contracts'
import { loadProfile, type Profile } from '@gatehouse/profiles'
import type { Closeable } from '@gatehouse/service'
import { silentLogger } from '@gatehouse/telemetry'
import { freePort, postgres, type Scope, sharedPostgres, temporaryFolder } from '@gatehouse/testkit'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import { assembleHouse, type House } from '../house.ts'
import { openSecrets, type Secrets } from '../secrets.ts'
import { modernClient, type OfficialClient } from './clients.ts'
import { authorizeInPages } from './person.ts'

/** A running Gatehouse, wherever its parts are. */
export interface Running {
  readonly profile: Profile
  readonly publicUrl: string
  readonly secrets: Secrets
}

export const CALLBACK = 'http://127.0.0.1:33418/callback'

const NOTHING_GIVEN = { adminToken: undefined, demoApiKey: undefined }

export interface HouseOfTest {
  /** Keeps to PGlite where the runner offers a PostgreSQL, which starts faster. */
  readonly embedded?: boolean
  readonly clock?: Clock
  /** Default: `align`. */
  readonly profile?: string
  /** What it takes itself for; default: no. */
  readonly production?: boolean
  /** Default: one that is free. */
  readonly port?: number
}

/** Everything in this process, listening; closed with the test. */
export async function runningHouse(
  t: Scope,
  { embedded = false, clock = systemClock, profile: name = 'align', production = false, ...at }: HouseOfTest = {},
): Promise<Running & Pick<House, 'server' | 'parts'>> {
  const database = embedded || sharedPostgres() === undefined ? undefined : (await postgres(t)).url
  const opened: Closeable[] = []
  t.teardown(async () => {
    for (const thing of opened.reverse()) await thing.close()
  })
  const profile = loadProfile(name)
  const given = { ...NOTHING_GIVEN, demoPassword: randomBytes(9).toString('base64url') }
  const secrets = await openSecrets(temporaryFolder(t), profile.apiKeyPrefix, given)
  const port = at.port ?? (await freePort())
  const publicUrl = `http://localhost:${port}`
  const parts = { database, databaseOwner: undefined, redis: undefined, nats: undefined }
  const house = await assembleHouse(
    { profile, publicUrl, parts, folder: undefined, secrets, demo: true, log: silentLogger, clock, production },
    (thing) => {
      opened.push(thing)
      return thing
    },
  )
  // By name: a browser may take either of the addresses that it stands for.
  await house.server.listen({ host: 'localhost', port })
  await house.ready()
  return { profile, publicUrl, secrets, server: house.server, parts: house.parts }
}

/** Real parts, separate processes, two MCP nodes behind the balancer; ended with the test. */
export async function runningCluster(
  t: Scope,
  change: Partial<Profile> = {},
): Promise<Running & { readonly cluster: Cluster /** Of its data and logs. */; readonly folder: string }> {
  const folder = temporaryFolder(t)
  const profile = { ...loadProfile('align'), ...change }
  const file = join(folder, 'profile.json')
  writeFileSync(file, JSON.stringify(profile))
  const secrets = await openSecrets(folder, profile.apiKeyPrefix, { ...NOTHING_GIVEN, demoPassword: undefined })
  const surroundings = process.env
  const cluster = await startCluster({ folder, port: 0, mcpNodes: 2, profile: file, secrets, demo: true, surroundings })
  t.teardown(() => cluster.close())
  return { profile, publicUrl: cluster.publicUrl, secrets, cluster, folder }
}

/** What a client holds after a sign-in and consent through the pages. */
export interface Connected {
  readonly client: OfficialClient
  readonly clientId: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** The official client, registered, signed in and connected. */
export async function connectClient(
  running: Pick<Running, 'publicUrl' | 'profile' | 'secrets'>,
  email: string,
  scopes: readonly string[] = [],
): Promise<Connected> {
  const client = modernClient(`${running.publicUrl}${running.profile.paths.mcp}`, CALLBACK)
  const authorizationUrl = await client.connectAsStranger()
  if (scopes.length > 0) authorizationUrl.searchParams.set('scope', scopes.join(' '))
  const person = { email, password: running.secrets.demoPassword }
  await client.connect(await authorizeInPages(authorizationUrl, CALLBACK, person))
  return { client, ...client.provider.held() }
}
