import { isAbsolute, join } from 'node:path'
import { loadProfile } from '@gatehouse/profiles'
import { argumentsOrExit } from './command-line.ts'
import { writeFirstSecrets } from './deploy/first-secrets.ts'

const options = argumentsOrExit({
  usage: `usage: node packages/stack/src/first-secrets.ts --folder FOLDER [--profile NAME] [--postgres HOST:PORT] [--redis HOST:PORT]
                                             [--nats HOST:PORT] [--url URL]

Makes up every secret that an installation needs, in a folder for each service and part, and the configuration of NATS. A second
time it writes the same.
  --profile  name or file of the profile (align)
  --postgres, --redis, --nats  where services reach them (postgres:5432, redis:6379, nats:4222)
  --url  origin that clients use: prints where to go and the demo accounts`,
  options: {
    folder: { type: 'string' },
    profile: { type: 'string', default: 'align' },
    postgres: { type: 'string', default: 'postgres:5432' },
    redis: { type: 'string', default: 'redis:6379' },
    nats: { type: 'string', default: 'nats:4222' },
    url: { type: 'string' },
  },
})
if (options.folder === undefined) {
  console.error('--folder is missing')
  process.exit(2)
}
const profile = loadProfile(options.profile)
const secrets = await writeFirstSecrets({
  folder: isAbsolute(options.folder) ? options.folder : join(process.cwd(), options.folder),
  profile,
  places: { postgres: options.postgres, redis: options.redis, nats: options.nats },
})
if (options.url !== undefined) {
  console.log(`MCP endpoint   ${options.url}${profile.paths.mcp}
Pages          ${options.url}/
Admin token    ${secrets.adminToken}
Demo accounts  member@acme.test and others, password ${secrets.demoPassword}
Demo API key   ${secrets.demoApiKey}`)
}
