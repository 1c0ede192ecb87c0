import { type Command, InvalidArgumentError } from 'commander'
import { contextOf, listIn, showDone, showList } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import type { Column } from '../table.ts'
import { findTenant, tenantPath } from '../tenant-lookup.ts'

interface RingKey {
  readonly id: string
  readonly state: string
  readonly createdAt: string
  readonly activeAt: string
  readonly retiringAt?: string
}

interface Ring {
  readonly ring: string
  readonly keys: readonly RingKey[]
}

type Row = RingKey & Pick<Ring, 'ring'>

const COLUMNS: readonly Column<Row>[] = [
  { title: 'RING', value: ({ ring }) => ring, whole: true },
  { title: 'KEY', value: ({ id }) => id, whole: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'ACTIVE', value: ({ activeAt }) => activeAt },
  { title: 'RETIRING', value: ({ retiringAt }) => retiringAt },
]

interface ApiKey {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly scopes: readonly string[]
  readonly project?: string
  readonly usedAt?: string
  readonly expiresAt?: string
}

/** Rings of the audit service; all others are of the authorization server. */
const OF_AUDIT: ReadonlySet<string> = new Set(['heads', 'cookies'])
const AUDIT_PATH = '/admin/v1/audit/keyrings'
const AUTH_PATH = '/admin/v1/keyrings'

const API_KEYS: readonly Column<ApiKey>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'KEY', value: ({ hint }) => hint },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(' ') },
  { title: 'PROJECT', value: ({ project }) => project },
  { title: 'LAST USED', value: ({ usedAt }) => usedAt },
  { title: 'EXPIRES', value: ({ expiresAt }) => expiresAt },
]

interface RotateOptions {
  readonly now?: boolean
  readonly retireOthers?: boolean
}

function ringName(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(text)) throw new InvalidArgumentError('"gatehouse keys list" shows the rings.')
  return text
}

/** `gatehouse keys list` and `gatehouse keys rotate`: the keys of the installation itself, beside the API keys of tenants. */
export function keyringsCommand(program: Command, io: Io): void {
  const keys = program.commands.find((command) => command.name() === 'keys')
  if (keys === undefined) throw new Error('the command keys comes first')
  keys.description('API keys of tenants, and the keys that sign and make tokens')

  keys
    .command('list')
    .description(
      'List the keyrings of auth and audit: keys that sign and make tokens, heads and cookies, never their secrets',
    )
    .option('--tenant <slug>', 'the API keys of a tenant instead')
    .action(async ({ tenant }: { tenant?: string }, command: Command) => {
      const context = contextOf(command, io)
      if (tenant !== undefined) {
        const answer = await context.api.get(`${tenantPath(await findTenant(context.api, tenant))}/api-keys`)
        return showList(context, answer, listIn<ApiKey>(answer, 'keys'), API_KEYS)
      }
      const lists = await Promise.all([AUTH_PATH, AUDIT_PATH].map((path) => context.api.get(path)))
      const keyrings = lists.flatMap((answer) => listIn<Ring>(answer, 'keyrings'))
      const rows = keyrings.flatMap(({ ring, keys }) => keys.map((key) => ({ ...key, ring })))
      showList(context, { keyrings }, rows, COLUMNS)
    })

  keys
    .command('rotate')
    .description('Bring the next key of a ring: published now, used once everybody has read it')
    .argument('<ring>', 'a ring of "gatehouse keys list"', ringName)
    .option('--now', 'for emergencies: use the new key at once')
    .option('--retire-others', 'with --now: refuse from now on whatever the other keys signed or made')
    .action(async (ring: string, { now = false, retireOthers = false }: RotateOptions, command: Command) => {
      if (retireOthers && !now) throw new Failure('usage', '--retire-others goes with --now: no key would be in use')
      const context = contextOf(command, io)
      const path = `${OF_AUDIT.has(ring) ? AUDIT_PATH : AUTH_PATH}/${encodeURIComponent(ring)}/rotate`
      const answer = await context.api.send('POST', path, { now, retireOthers })
      const { newest, keys } = answer as Ring & { readonly newest: string }
      const key = keys.find(({ id }) => id === newest)
      const used = key?.state === 'published' ? `is published, and used from ${key.activeAt}` : 'is in use'
      showDone(context, answer, printable(`Key ${newest} of the ring ${ring} ${used}.`))
    })
}
