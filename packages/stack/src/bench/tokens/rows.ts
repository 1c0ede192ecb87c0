import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { authSchema } from '@gatehouse/auth'
import { openDatabase } from '@gatehouse/database'
import { freePort, startPostgres } from '@gatehouse/testkit'
import type { Surroundings } from '../../cluster/process.ts'
import { type BenchServer, startBenchServer } from '../servers.ts'
import { type Chain, type MeasuredChain, measureChains } from './chain.ts'
import { PUBLIC, SERVICE, seedClients, seedFamilies } from './families.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const PUBLIC_URL = 'http://127.0.0.1:4000'
const RESOURCE = `${PUBLIC_URL}/mcp`
const SCOPES = ['mcp:read', 'mcp:write']

export interface TokenRow extends MeasuredChain {
  readonly entry: string
  readonly server: string
  /** Requests per second ÷ those of the bare handler in the same rounds. */
  readonly ratio: number
  /** Processor time of the bare handler ÷ that of this server, per request. */
  readonly processorRatio: number | undefined
}

/**
 * The token endpoint on a PostgreSQL that waits for the disk, against a bare handler that signs with the same algorithm, and against
 * `oidc-provider` on the same server with rotation on. Callers wait for their answer; the load and PostgreSQL share the other core.
 */
export async function measureTokens(options: {
  readonly folder: string
  readonly surroundings: Surroundings
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
}): Promise<readonly TokenRow[]> {
  const { folder, surroundings, connections } = options
  const dir = join(folder, 'tokens-postgres')
  mkdirSync(dir, { mode: 0o711 })
  chmodSync(folder, 0o711)
  const postgres = await startPostgres({ dir, port: await freePort(), durable: true })
  const servers: BenchServer[] = []
  const keep = async (starting: Promise<BenchServer>): Promise<BenchServer> => {
    const server = await starting
    servers.push(server)
    return server
  }
  const host = await openDatabase(postgres.url)
  try {
    const profile = join(folder, 'tokens.yaml')
    const align = readFileSync(here('../../../../profiles/profiles/align.yaml'), 'utf8')
    const grants = 'grants: [authorization_code, refresh_token, client_credentials]'
    writeFileSync(
      profile,
      align
        .replace(/^grants: .*$/m, grants)
        .replace(
          /^refreshRetrySeconds: .*$/m,
          'refreshRetrySeconds: 120\n# The peer writes no audit log either.\nauditServiceTokens: false',
        ),
    )
    const env = {
      GATEHOUSE_PROFILE: profile,
      DATABASE_URL: postgres.url,
      PUBLIC_URL,
      GATEHOUSE_SECRET: 'a secret for benchmarks',
      GATEHOUSE_ADMIN_TOKEN: 'a token for benchmarks',
      LOG_LEVEL: 'info',
    }
    const ours = await keep(
      startBenchServer(here('../../../../../services/auth/src/main.ts'), { env, path: '/healthz', surroundings }),
    )
    const bare = await keep(startBenchServer(here('bare.ts'), { path: '/', surroundings }))
    const peer = await keep(startBenchServer(here('peer.ts'), { args: [postgres.url], path: '/jwks', surroundings }))
    const db = host.as(authSchema.role)
    await seedClients(db, RESOURCE, SCOPES)

    const service = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'mcp:read' }
    const secret = { client_id: SERVICE.id, client_secret: SERVICE.secret }
    const same = (server: BenchServer, path: string, form: Readonly<Record<string, string>>): Chain => ({
      url: `${server.url}${path}`,
      processorSeconds: server.processorSeconds,
      forms: Array.from({ length: connections }, () => form),
      next: () => ({}),
    })
    const refreshing = (server: BenchServer, path: string, tokens: readonly string[]): Chain => ({
      url: `${server.url}${path}`,
      processorSeconds: server.processorSeconds,
      forms: tokens.map((token) => ({ grant_type: 'refresh_token', client_id: PUBLIC, refresh_token: token })),
      next: ({ refresh_token }) => ({ refresh_token: String(refresh_token) }),
    })
    const theirFamilies = (await (await fetch(`${peer.url}/families?count=${connections}`)).json()) as string[]
    const ourFamilies = await seedFamilies(db, RESOURCE, SCOPES, connections)
    const entries = [
      {
        entry: 'token, client_credentials',
        chains: [
          same(bare, '/oauth/token', { ...service, ...secret }),
          same(ours, '/oauth/token', { ...service, ...secret }),
          same(peer, '/token', { ...service, ...secret }),
        ],
      },
      {
        entry: 'token, refresh with rotation',
        chains: [
          same(bare, '/oauth/token', { grant_type: 'refresh_token' }),
          refreshing(ours, '/oauth/token', ourFamilies),
          refreshing(peer, '/token', theirFamilies),
        ],
      },
    ]
    const rows: TokenRow[] = []
    for (const { entry, chains } of entries) {
      const measured = await measureChains(chains, options)
      const names = ['bare Fastify, ES256 signature', 'Gatehouse', 'oidc-provider']
      const [base] = measured
      if (base === undefined) throw new Error('the bare handler was not measured')
      for (const [at, each] of measured.entries()) {
        const processorRatio =
          base.processorMicros === undefined || each.processorMicros === undefined
            ? undefined
            : base.processorMicros / each.processorMicros
        rows.push({ entry, server: names[at] ?? '', ratio: each.median / base.median, processorRatio, ...each })
      }
    }
    return rows
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await host.close()
    await postgres.stop()
  }
}
