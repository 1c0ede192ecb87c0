import { sql } from '@gatehouse/database'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { type Client, client_insert } from '../clients/clients.store.ts'
import { sha256 } from '../secrets.ts'
import {
  authorizeUrl,
  connect,
  MCP,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const ADMIN_API = `${ORIGIN}/admin/v1`
const SECRET = 'a secret of the deployment pipeline'

test('a program may administer by a token of its own, and nobody else by any', async (t) => {
  const house = await openHouse(t, {
    profile: {
      grants: ['authorization_code', 'refresh_token', 'client_credentials'],
      resources: [
        {
          identifier: '/admin/v1',
          name: 'Administration',
          aliases: [],
          scopes: [
            { name: 'gatehouse:admin', text: 'Administer everything', implies: [] },
            { name: 'look', text: 'Look', implies: [] },
          ],
          defaultScopes: [],
          publicKeys: [],
        },
      ],
    },
  })
  const [acme] = house.tenants
  const register = async (id: string, changes: Partial<Client> = {}): Promise<void> => {
    const client = {
      ...{ id, kind: 'registered' as const, name: id, redirectUris: [], authMethod: 'client_secret_basic' as const },
      ...{ secretHash: sha256(SECRET), jwks: null, jwksUri: null, grantTypes: ['client_credentials'] },
      ...{ scopes: ['gatehouse:admin', 'look', 'mcp:read'], resources: [ADMIN_API, MCP], tenantId: null },
      ...{ registrationHash: null, metadata: {}, createdAt: new Date(house.clock.now()), ...changes },
    }
    await house.db.asPlatform('test', (tx) => client_insert(tx, client))
  }
  const tokenOf = async (id: string, scope = 'gatehouse:admin', resource = ADMIN_API): Promise<string> => {
    const authorization = `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}`
    const answer = await token(house, { grant_type: 'client_credentials', resource, scope }, { authorization })
    t.equal(answer.statusCode, 200, id)
    return answer.json().access_token
  }
  const call = (bearer: string, method: 'GET' | 'PATCH' = 'GET', path = '/tenants', payload?: object) =>
    house.server.inject({
      method,
      url: `/admin/v1${path}`,
      headers: { authorization: `Bearer ${bearer}` },
      ...(payload && { payload }),
    })
  await register('cli_pipeline')

  await t.test('200, and the log names the program', async (t) => {
    const bearer = await tokenOf('cli_pipeline')
    t.equal((await call(bearer)).statusCode, 200)
    t.equal((await call(bearer, 'PATCH', `/tenants/${acme?.id}`, { mcp: false })).statusCode, 200)
    const told = await house.db.asPlatform('test', (tx) =>
      tx.rows<{ actor: object }>(sql`
        select event -> 'data' -> 'actor' as actor from auth.audit_outbox
        where event -> 'data' ->> 'action' like 'PATCH %' order by position`),
    )
    t.same(told.at(-1)?.actor, { kind: 'operator', client: 'cli_pipeline' })
  })

  await t.test('403: without the scope, or bound to a tenant, with a challenge that names it', async (t) => {
    await register('cli_bound', { tenantId: acme?.id ?? '' })
    for (const bearer of [await tokenOf('cli_pipeline', 'look'), await tokenOf('cli_bound')]) {
      const answer = await call(bearer)
      t.equal(answer.statusCode, 403)
      t.match(answer.json(), { error: 'insufficient_scope' })
      t.match(answer.headers['www-authenticate'], 'scope="gatehouse:admin"')
    }
  })

  await t.test(
    'no client that made itself, and no person, gets it: it is no scope that is asked for at a page [A-CR-08]',
    async (t) => {
      const { client_id } = await registerClient(house)
      const person = new Visitor(house)
      await person.signIn()
      const asked = { resource: ADMIN_API, scope: 'gatehouse:admin' }
      const { headers } = await person.get(authorizeUrl(client_id, newVerifier(), asked))
      t.match(headers.location, 'error=invalid_scope')
      const { access_token } = await connect(house, { resource: ADMIN_API, scope: 'look gatehouse:admin' })
      t.equal(decodeJwt(access_token).scope, 'look')
      t.equal((await call(access_token)).statusCode, 403)
    },
  )

  await t.test('401: for another resource, and once the client is switched off', async (t) => {
    t.equal((await call(await tokenOf('cli_pipeline', 'mcp:read', MCP))).statusCode, 401)
    const bearer = await tokenOf('cli_pipeline')
    await house.db.asPlatform('test', (tx) =>
      tx.run(sql`update auth.clients set disabled_at = now() where id = 'cli_pipeline'`),
    )
    t.equal((await call(bearer)).statusCode, 401)
  })
})
