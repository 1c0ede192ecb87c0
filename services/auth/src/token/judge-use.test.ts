import { test } from 'tap'
import type { Resources } from '../resources/registry.ts'
import type { Resource } from '../resources/resources.store.ts'
import { MAX_TRIES } from './judge-refresh.ts'
import { type Asked, judgeUse, type Use } from './judge-use.ts'
import type { Family } from './refresh.store.ts'

const NOW = 1_000_000
const WINDOW_MS = 120_000
const RESOURCE = { identifier: 'https://a.example/mcp' } as Resource
const OTHER = { identifier: 'https://b.example/mcp' } as Resource
const RESOURCES: Resources = {
  all: [RESOURCE, OTHER],
  byDefault: RESOURCE,
  find: (identifier) => [RESOURCE, OTHER].find((one) => one.identifier === identifier),
}
const GRANT: Family['grant'] = {
  id: 'gra_a',
  tenantId: 'ten_a',
  personId: 'per_a',
  clientId: 'cli_a',
  resources: [RESOURCE.identifier],
  scopes: ['read', 'write'],
  authTime: new Date(0),
  createdAt: new Date(0),
  endedAt: null,
}
const PRESENTED: Family['presented'] = { generation: 3, expiresAt: new Date(NOW + 1), usedAt: null, tries: 0 }
const MEMBER: Family['member'] = {
  id: 'per_a',
  email: 'a@a.example',
  name: 'A',
  role: 'member',
  roleSince: null,
  tenantId: 'ten_a',
}
const ASKED: Asked = {
  client: { id: 'cli_a', resources: null },
  named: [],
  scope: undefined,
  receivedAt: NOW,
}

const LATE = { usedAt: new Date(NOW - WINDOW_MS - 1) }
const EARLY = { usedAt: new Date(NOW - WINDOW_MS) }
const ENDED = { endedAt: new Date(1) }
const STRANGER = { client: { id: 'cli_b', resources: null } }

interface Changes {
  readonly grant?: Partial<Family['grant']>
  readonly presented?: Partial<Family['presented']>
  readonly member?: undefined
  readonly asked?: Partial<Asked>
  readonly home?: string
}

const CASES: readonly (readonly [string, Changes, string])[] = [
  ['the newest token', {}, 'rotate'],
  ['some of its scopes', { asked: { scope: 'read' } }, 'rotate'],
  ['a token that was used inside the window', { presented: EARLY }, 'repeat'],
  ['one that was used before it', { presented: LATE }, 'end'],
  ['used before it, by somebody else', { presented: LATE, asked: STRANGER }, 'refresh.unknown'],
  ['used before it, of a family that has ended', { presented: LATE, grant: ENDED }, 'grant.ended'],
  ['used before it, and a wrong resource', { presented: LATE, asked: { named: [OTHER] } }, 'end'],
  ['used before it, and a wrong scope', { presented: LATE, asked: { scope: 'admin' } }, 'end'],
  ['used before it, by whoever is a member no more', { presented: LATE, member: undefined }, 'end'],
  ['too often inside the window', { presented: { ...EARLY, tries: MAX_TRIES } }, 'refresh.too-often'],
  ['somebody else', { asked: STRANGER }, 'refresh.unknown'],
  ["another tenant's host", { home: 'ten_b' }, 'refresh.unknown'],
  ['its own host', { home: 'ten_a' }, 'rotate'],
  ['a family that has ended', { grant: ENDED }, 'grant.ended'],
  ['too late', { presented: { expiresAt: new Date(NOW) } }, 'refresh.expired'],
  [
    'too late, and a wrong scope',
    { presented: { expiresAt: new Date(NOW) }, asked: { scope: 'x' } },
    'refresh.expired',
  ],
  ['a resource of another grant', { asked: { named: [OTHER] } }, 'resource.unknown'],
  ['a client that may not reach it', { asked: { client: { id: 'cli_a', resources: [] } } }, 'resource.unknown'],
  ['a resource that is malformed', { asked: { named: 'resource.malformed' } }, 'resource.malformed'],
  ['a scope that was not granted', { asked: { scope: 'read admin' } }, 'scope.invalid'],
  ['no member any more', { member: undefined }, 'membership.ended'],
  ['no member any more, and a wrong scope', { member: undefined, asked: { scope: 'admin' } }, 'scope.invalid'],
]

const said = (use: Use): string => (use.kind === 'refuse' ? use.reason : use.kind)

test('what a refresh token is good for: whose it is, then its family, then itself, then what is asked, then for whom [A-RF-06, A-RF-09]', async (t) => {
  for (const [what, { grant, presented, asked, home, ...rest }, expected] of CASES) {
    const family = {
      grant: { ...GRANT, ...grant },
      presented: { ...PRESENTED, ...presented },
      member: 'member' in rest ? undefined : MEMBER,
    }
    const at = { home: home === undefined ? undefined : { tenantId: home }, resources: RESOURCES, windowMs: WINDOW_MS }
    t.equal(said(judgeUse(family, { ...ASKED, ...asked }, at)), expected, what)
  }
  const some = judgeUse(
    { grant: GRANT, presented: PRESENTED, member: MEMBER },
    { ...ASKED, scope: 'read' },
    {
      home: undefined,
      resources: RESOURCES,
      windowMs: WINDOW_MS,
    },
  )
  t.match(some, { resource: RESOURCE, scopes: ['read'] })
})
