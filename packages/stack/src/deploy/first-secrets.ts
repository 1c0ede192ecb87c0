import { createHmac } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BusUserName, busUsers } from '@gatehouse/contracts'
import type { Profile } from '@gatehouse/profiles'
import { openSecrets, publicHalf, type Secrets } from '../secrets.ts'
import { type NatsPlace, natsConfig } from './nats-config.ts'

/** `host:port` at which the services reach each part. */
export interface PartPlaces {
  readonly postgres: string
  readonly redis: string
  readonly nats: string
}

export interface FirstSecrets {
  /** Where the one secret is kept from which the others are made. */
  readonly folder: string
  readonly profile: Pick<Profile, 'apiKeyPrefix'>
  readonly places: PartPlaces
  /** Of the NATS server, whose configuration is written too. */
  readonly nats?: NatsPlace
  readonly given?: { readonly demoPassword?: string | undefined; readonly demoApiKey?: string | undefined }
}

/** The id by which auth knows the MCP service. */
const MCP_CLIENT = 'gatehouse-mcp'
/** Each service's login at the database and the role that it takes on. */
const LOGINS = { auth: 'gatehouse_auth', mcp: 'gatehouse_mcp', audit: 'gatehouse_audit' } as const
const OWNER = 'gatehouse_owner'
const DATABASE = 'gatehouse'

/**
 * Writes what each service and part of an installation reads as a file, in a folder each, under the names that the manifests give. A second call
 * writes the same. Everybody may read a file: its folder is mounted into the one container that needs it, which runs as a user of its own.
 */
export async function writeFirstSecrets(options: FirstSecrets): Promise<Secrets> {
  const { folder, profile, places, given = {} } = options
  const secrets = await openSecrets(join(folder, 'root'), profile.apiKeyPrefix, {
    adminToken: undefined,
    demoPassword: given.demoPassword,
    demoApiKey: given.demoApiKey,
  })
  for (const [name, files] of Object.entries(filesOf(secrets, places, options.nats))) {
    const place = join(folder, name)
    mkdirSync(place, { recursive: true })
    chmodSync(place, 0o755)
    for (const [file, text] of Object.entries(files)) {
      // What is there may be read only.
      rmSync(join(place, file), { force: true })
      writeFileSync(join(place, file), text, { mode: 0o444 })
    }
  }
  return secrets
}

type Files = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Passwords of parts and master secrets of services are made from one: who has it has them all. */
const madeFrom = (master: string) => (purpose: string) =>
  createHmac('sha256', master).update(purpose).digest('base64url')

function filesOf(secrets: Secrets, { postgres, redis, nats }: PartPlaces, server: FirstSecrets['nats']): Files {
  const made = madeFrom(secrets.master)
  const database = (login: string) => `postgres://${login}:${made(`postgres ${login}`)}@${postgres}/${DATABASE}`
  const bus = (name: BusUserName) => `nats://${name}:${made(`nats ${name}`)}@${nats}`
  const cache = `redis://:${made('redis')}@${redis}`
  const key = secrets.mcpClientJwk
  return {
    auth: {
      'database-url': database('auth'),
      'redis-url': cache,
      'nats-url': bus('auth'),
      secret: made('auth'),
      'admin-token': secrets.adminToken,
      'internal-clients': JSON.stringify([{ id: MCP_CLIENT, jwk: publicHalf(key) }]),
    },
    mcp: {
      'database-url': database('mcp'),
      'redis-url': cache,
      'nats-url': bus('mcp'),
      secret: made('mcp'),
      'client-key': JSON.stringify(key),
    },
    audit: {
      'database-url': database('audit'),
      'nats-url': bus('audit'),
      secret: made('audit'),
      'admin-token': secrets.adminToken,
    },
    migrate: {
      'database-url': database(OWNER),
      'nats-url': bus('migrate'),
      secret: made('migrate'),
      'demo-password': secrets.demoPassword,
      'demo-api-key': secrets.demoApiKey,
    },
    postgres: {
      'owner-password': made(`postgres ${OWNER}`),
      'logins.sql': loginsSql(made),
      ...Object.fromEntries(Object.keys(LOGINS).map((login) => [`${login}-password`, made(`postgres ${login}`)])),
    },
    redis: { 'redis.conf': `requirepass ${made('redis')}\nappendonly no\nsave ""\n`, password: made('redis') },
    nats: { 'nats.conf': natsConfig((name) => made(`nats ${name}`), server) },
    // For a NATS that is configured by a chart.
    'nats-passwords': Object.fromEntries(busUsers().map(({ name }) => [name, made(`nats ${name}`)])),
  }
}

/** Run once by the owner, when the database is new: a login a service, that may become its role and nothing else. */
const loginsSql = (made: (purpose: string) => string): string =>
  Object.entries(LOGINS)
    .map(
      ([login, role]) => `create role ${role} nologin nosuperuser nobypassrls nocreatedb nocreaterole;
create role ${login} login noinherit password '${made(`postgres ${login}`)}';
grant ${role} to ${login};
`,
    )
    .join('')
