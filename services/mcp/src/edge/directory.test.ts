import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Catalog, directoryFor, ToolFailure } from '@gatehouse/catalog'
import { ConfigError, Secret } from '@gatehouse/config'
import { systemClock } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { silentLogger } from '@gatehouse/telemetry'
import { exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { test } from 'tap'
import { directoryOf } from './directory.ts'

const ISSUER = 'https://auth.example'
const asking = { name: 'people', asksDirectory: true } as unknown as Catalog
const silent = { name: 'things' } as unknown as Catalog
const ada = { tenant: 'acme', kind: 'person', subject: 'p1', client: 'c1' } as unknown as Principal

test('the directory, asked at auth', async (suite) => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const key = new Secret(JSON.stringify(await exportJWK(pair.privateKey)))
  const seen: { url: string | undefined; authorization: string; body: unknown }[] = []
  let answer: { readonly status: number; readonly body: string }
  const auth = createServer(async (request: IncomingMessage, reply) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as unknown
    seen.push({ url: request.url, authorization: request.headers.authorization ?? '', body })
    reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(auth, 'listening')
  suite.teardown(() => auth.close())
  const authUrl = `http://127.0.0.1:${(auth.address() as AddressInfo).port}`
  const clientId = 'gatehouse-mcp'
  const options = { authUrl, issuer: ISSUER, clientId, key, clock: systemClock, fetch, log: silentLogger }
  const port = await directoryOf([silent, asking], options)
  if (port === undefined) throw new Error('no directory')
  const directory = directoryFor(port)(ada)

  await suite.test('this service proves itself, and names the tenant and the person of the principal', async (t) => {
    answer = { status: 200, body: JSON.stringify({ change: { kind: 'changed', from: 'viewer', to: 'member' } }) }
    t.same(await directory.changeRole('p2', 'member'), { kind: 'changed', from: 'viewer', to: 'member' })
    t.match(seen[0], {
      url: '/internal/v1/directory/role',
      body: { tenant: 'acme', actor: { person: 'p1', client: 'c1' }, person: 'p2', role: 'member' },
    })
    const token = seen[0]?.authorization.replace('Bearer ', '') ?? ''
    await jwtVerify(token, pair.publicKey, { issuer: clientId, subject: clientId, audience: ISSUER })
    answer = { status: 200, body: JSON.stringify({ member: null }) }
    t.equal(await directory.member('p2'), undefined)
  })

  await suite.test('a key is no person, and changes no role', async (t) => {
    const before = seen.length
    const asKey = directoryFor(port)({ ...ada, kind: 'key' })
    t.match(await asKey.changeRole('p2', 'member'), { kind: 'refused', why: 'actor.not-allowed' })
    t.equal(seen.length, before, 'auth is not even asked')
  })

  await suite.test(
    'an answer that is none is told in words, and a change whose end is not known as such',
    async (t) => {
      for (const given of [
        { status: 500, body: '{}' },
        { status: 200, body: '{"change":{"kind":"magic"}}' },
        { status: 200, body: 'no json' },
      ]) {
        answer = given
        await t.rejects(directory.organisation(), { constructor: ToolFailure, code: 'directory.away' })
        await t.rejects(directory.changeRole('p2', 'member'), {
          constructor: ToolFailure,
          code: 'directory.end-unknown',
        })
      }
    },
  )

  await suite.test('without a key a service starts only where no catalog asks', async (t) => {
    t.equal(await directoryOf([silent], { ...options, key: undefined }), undefined)
    await t.rejects(directoryOf([asking], { ...options, key: undefined }), ConfigError)
    await t.rejects(directoryOf([asking], { ...options, key: new Secret('{}') }), ConfigError)
  })
})
