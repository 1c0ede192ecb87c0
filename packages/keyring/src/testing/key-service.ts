import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'

/** A key management service for tests, in a process of its own: two keys of one algorithm, which never leave it. */
const [algorithm = 'ES256', form = 'der'] = process.argv.slice(2)
const generate = () =>
  algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
const now = Date.now()
const keys = new Map<string, { key: KeyObject; activeAt: number; retiringAt: number | null }>(
  [['first', now - 60_000, now + 120_000] as const, ['second', now + 60_000, null] as const].map(
    ([id, activeAt, retiringAt]) => {
      const pem = generate().privateKey.export({ format: 'pem', type: 'pkcs8' })
      return [id, { key: createPrivateKey(pem), activeAt, retiringAt }] as const
    },
  ),
)

const server = createServer(async (request, response) => {
  const [, verb, id = ''] = (request.url ?? '').split('/')
  if (verb === 'keys') {
    const list = [...keys].map(([name, { key, activeAt, retiringAt }]) => ({
      id: name,
      publicJwk: createPublicKey(key).export({ format: 'jwk' }),
      activeAt,
      retiringAt,
    }))
    response.end(JSON.stringify(list))
    return
  }
  const found = keys.get(id === 'swapped' ? 'second' : id)
  if (verb !== 'sign' || found === undefined) {
    response.writeHead(404).end()
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const dsaEncoding = form === 'der' ? 'der' : 'ieee-p1363'
  response.end(sign('sha256', Buffer.concat(chunks), { key: found.key, dsaEncoding }))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`key service on ${typeof address === 'object' ? address?.port : ''}`)
})
