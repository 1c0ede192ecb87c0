import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExternalKeys } from '@gatehouse/keyring'
import { temporaryFolder } from '@gatehouse/testkit'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { test } from 'tap'
import { ADMIN, connect, openHouse, refreshForm, token } from '../testing/house.ts'
import { KeyServiceError, loadKeyServices } from './key-services.ts'

/** A key service in this process: one key, which is asked for by its id alone. */
function openService(kind: 'ec' | 'rsa') {
  const { privateKey, publicKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const service = { away: false, signed: 0 }
  const here = (): void => {
    if (service.away) throw new Error('connect ECONNREFUSED')
  }
  const keys: ExternalKeys = {
    async list() {
      here()
      return [
        { id: `kms-${kind}`, publicJwk: publicKey.export({ format: 'jwk' }), activeAt: new Date(0), retiringAt: null },
      ]
    },
    async sign(_id, bytes) {
      here()
      service.signed += 1
      return sign('sha256', bytes, privateKey)
    },
  }
  return { service, keys }
}

test('tokens that a key service signs are good everywhere; its ring is seen and not rotated here [A-JK-03, A-JK-05]', async (t) => {
  const [access, id] = [openService('ec'), openService('rsa')]
  const house = await openHouse(t, { deps: { keyServices: { access: access.keys, id: id.keys } } })
  const tokens = await connect(house, { scope: 'openid mcp:read offline_access' })
  t.same(
    [tokens.access_token, tokens.id_token ?? ''].map((one) => decodeProtectedHeader(one).kid),
    ['kms-ec', 'kms-rsa'],
  )
  const published = (await house.server.inject({ url: '/.well-known/jwks.json' })).json()
  t.same(published.keys.map(({ kid }: { kid: string }) => kid).sort(), ['kms-ec', 'kms-rsa'])
  const currentDate = new Date(house.clock.now())
  await jwtVerify(tokens.access_token, createLocalJWKSet(published), {
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate,
  })
  await jwtVerify(tokens.id_token ?? '', createLocalJWKSet(published), { algorithms: ['RS256'], currentDate })
  t.equal((await house.auth.introspect(tokens.access_token)).active, true)
  const headers = { authorization: `Bearer ${ADMIN}` }
  const { keyrings } = (await house.server.inject({ url: '/admin/v1/keyrings', headers })).json()
  t.match(
    keyrings.filter(({ ring }: { ring: string }) => ring !== 'refresh'),
    [
      { ring: 'access', keys: [{ id: 'kms-ec', state: 'active' }] },
      { ring: 'id', keys: [{ id: 'kms-rsa', state: 'active' }] },
    ],
  )
  const rotated = await house.server.inject({
    method: 'POST',
    url: '/admin/v1/keyrings/access/rotate',
    headers,
    payload: {},
  })
  t.match([rotated.statusCode, rotated.json().error_description], [409, /key service/])
})

test('while the key service is away tokens are refused as not available now, verified all the same, and none is lost [A-JK-03]', async (t) => {
  const { service, keys } = openService('ec')
  const house = await openHouse(t, { deps: { keyServices: { access: keys } } })
  const { client, access_token, refresh_token } = await connect(house)
  service.away = true
  const refused = await token(house, refreshForm(client, refresh_token))
  t.match(
    [refused.statusCode, refused.headers['retry-after'], refused.json()],
    [503, '5', { error: 'temporarily_unavailable' }],
  )
  t.notMatch(refused.body, 'ECONNREFUSED')
  t.equal((await house.auth.introspect(access_token)).active, true)
  service.away = false
  const again = await token(house, refreshForm(client, refresh_token))
  t.equal(again.statusCode, 200, 'what was asked for is asked for again')
  t.equal((await house.auth.introspect(again.json().access_token)).active, true)
})

test('a ring whose keys would be in a file and with a service is refused before anything begins', async (t) => {
  const deps = { keyServices: { access: openService('ec').keys }, keyringFiles: { access: '/run/secrets/access.json' } }
  await t.rejects(
    openHouse(t, { deps }),
    new TypeError('the ring access has its keys in a file or with a service, not both'),
  )
})

test('a module that gives no key service is named before anything begins', async (t) => {
  const folder = temporaryFolder(t)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return name
  }
  const good = 'list: async () => [], sign: async () => new Uint8Array()'
  const loaded = await loadKeyServices(
    {
      access: file('plain.mjs', `export default { ${good} }`),
      id: file('made.mjs', `export default async () => ({ ${good} })`),
    },
    folder,
  )
  t.same([await loaded.access?.list(), await loaded.id?.list()], [[], []])
  t.same(await loadKeyServices({}, folder), {})
  const NOTHING = 'its default export gives no `list` and `sign`'
  for (const [name, text, why] of [
    ['nothing.mjs', 'export const keys = {}', NOTHING],
    ['half.mjs', 'export default { list: async () => [] }', NOTHING],
    ['fails.mjs', 'throw new Error("no region")', 'no region'],
    ['refuses.mjs', 'export default async () => { throw new Error("no role") }', 'no role'],
  ] as const) {
    await t.rejects(loadKeyServices({ access: file(name, text) }, folder), new KeyServiceError(join(folder, name), why))
  }
  await t.rejects(loadKeyServices({ access: './missing.mjs' }, folder), KeyServiceError)
})
