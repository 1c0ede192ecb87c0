import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLogger } from '@gatehouse/telemetry'
import { exportJWK } from 'jose'
import { type Test, test } from 'tap'
import { maxAgeOf } from './fetch-key-set.ts'
import { remoteJwks } from './remote.ts'
import { JwksUnavailable } from './source.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = await exportJWK(publicKey)
const keySet = (...kids: string[]): string => JSON.stringify({ keys: kids.map((kid) => ({ ...jwk, kid })) })

/** An issuer whose answer the test changes, the time that the test moves, and how often the issuer was asked. */
async function scene(t: Test) {
  const issuer = { asked: 0, answer: ((_request, response) => void response.end(keySet('a'))) as RequestListener }
  const server = createServer((request, response) => {
    issuer.asked += 1
    issuer.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const time = { now: 1_000_000 }
  const { port } = server.address() as AddressInfo
  const source = remoteJwks(`http://127.0.0.1:${port}/jwks.json`, {
    fetch: globalThis.fetch,
    clock: { now: () => time.now },
    log: silentLogger,
  })
  return { issuer, time, source }
}

test('many who ask at once cause one fetch, and its answer is kept', async (t) => {
  const { issuer, time, source } = await scene(t)
  const keys = await Promise.all([source.key('a'), source.key('a'), source.key('a')])
  t.ok(keys.every((key) => key?.algorithm === 'ES256'))
  time.now += 299_000
  t.ok(await source.key('a'))
  t.equal(issuer.asked, 1)
  time.now += 1_000
  t.ok(await source.key('a'))
  t.equal(issuer.asked, 2, 'fetched again after its time')
})

test('an unknown key id is looked up once, at most every five seconds [S-AU-21]', async (t) => {
  const { issuer, time, source } = await scene(t)
  await source.key('a')
  issuer.answer = (_request, response) => void response.end(keySet('a', 'b'))
  t.equal(await source.key('b'), undefined, 'too soon to ask again')
  t.equal(issuer.asked, 1)
  time.now += 5_000
  t.ok(await source.key('b'), 'a new key is found')
  t.equal(await source.key('c'), undefined)
  t.equal(issuer.asked, 2)
})

test('held keys outlive an issuer that fails, for a bounded time [S-AU-21]', async (t) => {
  const { issuer, time, source } = await scene(t)
  await source.key('a')
  issuer.answer = (_request, response) => void response.writeHead(503).end()
  time.now += 300_000 + 3_599_000
  t.ok(await source.key('a'), 'stale')
  await t.rejects(source.key('b'), JwksUnavailable, 'an unknown id may be a newer key')
  time.now += 6_000
  await t.rejects(source.key('a'), JwksUnavailable, 'too old')
  issuer.answer = (_request, response) => void response.end(keySet('a'))
  time.now += 5_000
  t.ok(await source.key('a'), 'recovers by itself')
})

const bad: Readonly<Record<string, RequestListener>> = {
  'a redirect': (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
  'a body over 64 KB': (_request, response) => void response.end(`${keySet('a')}${' '.repeat(70_000)}`),
  'no JSON': (_request, response) => void response.end('<html>'),
  'JSON that is no key set': (_request, response) => void response.end('[]'),
}
for (const [name, answer] of Object.entries(bad)) {
  test(`no keys come from ${name}`, async (t) => {
    const { issuer, source } = await scene(t)
    issuer.answer = answer
    await t.rejects(source.key('a'), JwksUnavailable)
    t.equal(issuer.asked, 1, 'nothing was followed')
  })
}

test('an issuer that does not answer is given up after two seconds', async (t) => {
  const { issuer, source } = await scene(t)
  issuer.answer = () => undefined
  const began = performance.now()
  await t.rejects(source.key('a'), JwksUnavailable)
  t.ok(performance.now() - began < 3_000)
})

test('max-age is believed between one minute and one hour [S-AU-21]', (t) => {
  t.equal(maxAgeOf(null), 300)
  t.equal(maxAgeOf('public, max-age=600'), 600)
  t.equal(maxAgeOf('max-age=0'), 60)
  t.equal(maxAgeOf('max-age=999999'), 3_600)
  t.equal(maxAgeOf('s-maxage=900'), 300)
  t.end()
})
