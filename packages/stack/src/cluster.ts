import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig, port } from '@gatehouse/config'
import { loadProfile } from '@gatehouse/profiles'
import { createLogger } from '@gatehouse/telemetry'
import { z } from 'zod'
import { startCluster } from './cluster/cluster.ts'
import { argumentsOrExit, wholeNumberOrExit } from './command-line.ts'
import { runInWords } from './in-words.ts'
import { openSecrets } from './secrets.ts'
import { whereTo } from './where-to.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const log = createLogger('cluster', { level: 'warn' })
const { nodes } = argumentsOrExit({
  usage: 'usage: npm run cluster [-- --nodes N]\n\nN nodes of mcp, from 1 to 16; two unless told.',
  options: { nodes: { type: 'string', default: '2' } },
})
const mcpNodes = wholeNumberOrExit('nodes', nodes, [1, 16])

await runInWords(log, 'The cluster', async (closing) => {
  const config = loadConfig(
    z.object({
      PORT: port().default(4000),
      GATEHOUSE_PROFILE: z.string().default('align'),
      GATEHOUSE_DEMO_PASSWORD: z.string().min(8).optional(),
      GATEHOUSE_DEMO_API_KEY: z.string().min(16).optional(),
      GATEHOUSE_ADMIN_TOKEN: z.string().min(16).optional(),
    }),
    process.env,
  )
  const kept = join(root, '.gatehouse', 'cluster')
  mkdirSync(kept, { recursive: true, mode: 0o700 })
  const profile = loadProfile(config.GATEHOUSE_PROFILE)
  const secrets = await openSecrets(kept, profile.apiKeyPrefix, {
    adminToken: config.GATEHOUSE_ADMIN_TOKEN,
    demoPassword: config.GATEHOUSE_DEMO_PASSWORD,
    demoApiKey: config.GATEHOUSE_DEMO_API_KEY,
  })
  // Below the system's temporary folder, since PostgreSQL runs as another user where this one is root.
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-cluster-'))
  closing({ close: () => rmSync(folder, { recursive: true, force: true }) })
  const say = (line: string) => process.stdout.write(`${line}\n`)
  say('')
  const cluster = closing(
    await startCluster({
      folder,
      port: config.PORT,
      mcpNodes,
      profile: config.GATEHOUSE_PROFILE,
      secrets,
      demo: true,
      surroundings: process.env,
      started: (name, address, pid) => say(`  ${name.padEnd(10)} pid ${String(pid).padEnd(8)} ${address}`),
    }),
  )
  say('')
  for (const [label, value] of whereTo(profile, cluster.publicUrl, secrets)) say(`  ${label.padEnd(15)}${value}`)
  say(`  Logs           ${join(folder, 'logs')}`)
  say('')
  say('  ready · Ctrl-C ends all of it')
})
