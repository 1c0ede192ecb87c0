import { test } from 'tap'
import type { Client } from '../clients/clients.store.ts'
import type { Reason } from '../errors.ts'
import { Params } from '../http/form.ts'
import type { Resources } from '../resources/registry.ts'
import type { Resource } from '../resources/resources.store.ts'
import { offeredScopes } from '../scopes/offered.ts'
import { type Circumstances, judgeRequest } from './checks.ts'

const scope = (name: string) => ({ name, text: name, implies: [] })
const MCP = {
  identifier: 'https://a.example/mcp',
  scopes: [scope('read')],
  defaultScopes: ['read'],
} as unknown as Resource
const API = { identifier: 'https://a.example/api', scopes: [scope('bills')], defaultScopes: [] } as unknown as Resource
const RESOURCES: Resources = {
  all: [MCP, API],
  byDefault: MCP,
  find: (name) => [MCP, API].find(({ identifier }) => identifier === name),
}
const OFFERED = offeredScopes({ openid: true, grants: ['refresh_token'], scopes: [scope('read')] } as never)
const CLIENT = { grantTypes: null, resources: null, metadata: {} } as unknown as Client
const GOOD: readonly (readonly [string, string])[] = [
  ['response_type', 'code'],
  ['code_challenge', 'c'.repeat(43)],
  ['code_challenge_method', 'S256'],
]

const judge = (
  params: readonly (readonly [string, string])[],
  client: Partial<Client> = {},
  of: Partial<Circumstances> = {},
) =>
  judgeRequest({
    params: new Params(new URLSearchParams(params.map(([name, value]): [string, string] => [name, value]))),
    client: { ...CLIENT, ...client },
    ...{ offered: OFFERED, resources: RESOURCES, pushed: false, pushedRequired: false, ...of },
  })

/** Each row mends one thing more: what is told first is what comes first in the order of the checks. */
const MENDED: readonly (readonly [readonly (readonly [string, string])[], Reason | 'good'])[] = [
  [
    [
      ['x', '1'],
      ['x', '2'],
    ],
    'request.malformed',
  ],
  [[], 'response-type.missing'],
  [[['response_type', 'token']], 'response-type.unsupported'],
  [
    [
      ['response_type', 'code'],
      ['response_mode', 'fragment'],
    ],
    'response-mode.unsupported',
  ],
  [[['response_type', 'code']], 'challenge.missing'],
  [
    [
      ['response_type', 'code'],
      ['code_challenge', 'c'],
    ],
    'challenge.method',
  ],
  [
    [
      ['response_type', 'code'],
      ['code_challenge', 'c'],
      ['code_challenge_method', 'plain'],
    ],
    'challenge.method',
  ],
  [
    [
      ['response_type', 'code'],
      ['code_challenge', 'c'],
      ['code_challenge_method', 'S256'],
    ],
    'challenge.malformed',
  ],
  [[...GOOD, ['scope', 'unknown'], ['resource', 'foo'], ['prompt', 'x']], 'scope.invalid'],
  [[...GOOD, ['resource', 'foo'], ['prompt', 'x']], 'resource.malformed'],
  [[...GOOD, ['resource', 'https://b.example'], ['prompt', 'x']], 'resource.unknown'],
  [[...GOOD, ['prompt', 'x']], 'prompt.invalid'],
  [[...GOOD, ['prompt', 'none login']], 'prompt.invalid'],
  [[...GOOD, ['max_age', '-1']], 'request.malformed'],
  [GOOD, 'good'],
]

test('the first fault in the order of the checks is the one that is told [A-AZ-04, A-AZ-05, A-AZ-09, A-PK-01, A-PK-02]', async (t) => {
  for (const [params, expected] of MENDED) {
    const verdict = judge(params)
    t.equal('refused' in verdict ? verdict.refused : 'good', expected, JSON.stringify(params))
  }
})

test('what a client may not have is refused to it alone', async (t) => {
  const cases: readonly (readonly [Partial<Client>, Partial<Circumstances>, Reason | 'good'])[] = [
    [{ grantTypes: ['refresh_token'] }, {}, 'grant.not-allowed'],
    [{ resources: [API.identifier] }, {}, 'resource.unknown'],
    [{ resources: [MCP.identifier] }, {}, 'good'],
    [{ metadata: { require_pushed_authorization_requests: true } }, {}, 'pushed.required'],
    [{ metadata: { require_pushed_authorization_requests: true } }, { pushed: true }, 'good'],
    [{}, { pushedRequired: true }, 'pushed.required'],
    [{}, { pushedRequired: true, pushed: true }, 'good'],
  ]
  for (const [client, of, expected] of cases) {
    const verdict = judge(GOOD, client, of)
    t.equal('refused' in verdict ? verdict.refused : 'good', expected, JSON.stringify([client, of]))
  }
})

test('a request names what it needs, and what is not known is ignored [A-AZ-03, A-TP-06, A-SC-07, CF-9]', async (t) => {
  const verdict = judge([
    ...GOOD,
    ...([
      ['resource', MCP.identifier],
      ['resource', API.identifier],
      ['resource', MCP.identifier],
      ['scope', 'bills read openid offline_access'],
      ['prompt', 'login consent'],
      ['max_age', '0'],
      ['acr_values', 'x'],
      ['claims', '{}'],
      ['display', 'popup'],
      ['state', ''],
    ] as const),
  ])
  t.match(verdict, {
    asked: {
      ...{
        scopes: ['bills', 'read', 'openid', 'offline_access'],
        resources: [MCP, API],
        prompts: ['login', 'consent'],
      },
      ...{ silent: false, maxAge: 0, state: undefined },
    },
  })
  t.match(judge([...GOOD, ['scope', 'read offline_access']], { grantTypes: ['authorization_code'] }), {
    asked: { scopes: ['read'] },
  })
})
