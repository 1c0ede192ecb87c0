import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { exportJWK, type JWK } from 'jose'
import { test } from 'tap'
import { headHash } from './hashes.ts'
import { createHeadReader, HEAD_TYPE, type TenantHead } from './head.ts'

const [ours, theirs] = [newKey(), newKey()]
function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
const jwkOf = async (key: KeyObject, kid: string): Promise<JWK> => ({ ...(await exportJWK(key)), kid, alg: 'ES256' })
const read = createHeadReader({ keys: [await jwkOf(ours.publicKey, 'k1')] as never })

const SHA = 'a'.repeat(64)
const head: TenantHead = {
  ...{ v: 1, of: 'tenant', tenant: 't1', n: 1, prev: null, at: '2026-03-01T10:00:00.000Z' },
  segments: { count: 1, sha256: SHA },
  changed: [{ class: 'standard', month: '2026-03', count: 1, hash: SHA, dropped: 0 }],
}
const encoded = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
function jws(header: object = {}, payload: object | string = head, key: KeyObject = ours.privateKey): string {
  const input = `${encoded({ alg: 'ES256', typ: HEAD_TYPE, kid: 'k1', ...header })}.${encoded(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

test('a head that a key of the set signed is read, with the hash by which others name it', async (t) => {
  const signed = jws()
  t.same(await read(signed), { jws: signed, hash: headHash(signed), head })
})

const [, payload] = jws().split('.')
const refused: readonly (readonly [string, 'unsigned' | 'malformed', string])[] = [
  ['an access token of the same key', 'unsigned', jws({ typ: 'at+jwt' })],
  ['something without a type', 'unsigned', jws({ typ: undefined })],
  ['one signed by another key under the name of ours', 'unsigned', jws({}, head, theirs.privateKey)],
  ['one of a key that is not in the set', 'unsigned', jws({ kid: 'k2' }, head, theirs.privateKey)],
  [
    'one that brings its key along',
    'unsigned',
    jws({ kid: 'k2', jwk: await jwkOf(theirs.publicKey, 'k2') }, head, theirs.privateKey),
  ],
  ['one without a signature', 'unsigned', `${encoded({ alg: 'none', typ: HEAD_TYPE, kid: 'k1' })}.${payload}.AA`],
  ['one of another algorithm', 'unsigned', jws({ alg: 'ES384' })],
  ['one whose words were changed', 'unsigned', jws().replace(`.${payload}.`, `.${encoded({ ...head, n: 2 })}.`)],
  ['no JWS', 'malformed', 'head'],
  ['no JSON, though signed', 'malformed', jws({}, '{')],
  ['a head of a later version', 'malformed', jws({}, { ...head, v: 2 })],
  ['a head of something else', 'malformed', jws({}, { ...head, of: 'planet' })],
  ['a head without its digest', 'malformed', jws({}, { ...head, segments: { count: 1 } })],
]
for (const [name, fault, text] of refused) {
  test(`${fault}: ${name}`, async (t) => {
    t.equal(await read(text), fault)
  })
}
