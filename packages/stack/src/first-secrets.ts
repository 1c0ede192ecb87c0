import { mkdirSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { loadProfile } from '@gatehouse/profiles'
import { argumentsOrExit } from './command-line.ts'
import { routingOf } from './deploy/files.ts'
import { writeFirstSecrets } from './deploy/first-secrets.ts'
import { whereTo } from './where-to.ts'

const options = argumentsOrExit({
  usage: `usage: node packages/stack/src/first-secrets.ts --folder FOLDER [--profile NAME] [--postgres HOST:PORT] [--redis HOST:PORT]
                                             [--nats HOST:PORT] [--url URL]

Makes up every secret that an installation needs, in a folder for each service and part, and the configuration of NATS. A second
time it writes the same.
  --profile  name or file of the profile (align)
  --postgres, --redis, --nats  where services reach them (postgres:5432, redis:6379, nats:4222)
  --url  origin that clients use: makes the configuration of nginx too, prints where to go and the demo accounts`,
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
const folder = isAbsolute(options.folder) ? options.folder : join(process.cwd(), options.folder)
const secrets = await writeFirstSecrets({
  folder,
  profile,
  places: { postgres: options.postgres, redis: options.redis, nats: options.nats },
})
if (options.url !== undefined) {
  const balancer = join(folder, 'balancer')
  mkdirSync(balancer, { recursive: true })
  writeFileSync(join(balancer, 'default.conf'), routingOf(profile, new URL(options.url).hostname).nginx)
  for (const [label, value] of whereTo(profile, options.url, secrets)) console.log(`${label.padEnd(15)}${value}`)
}
