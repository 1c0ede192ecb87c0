import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { newSecret, sameBytes, sameSecret, sha256 } from './secrets.ts'

test('what is secret is compared as a whole, in a time that tells nothing', async (t) => {
  const secret = newSecret()
  t.equal(sameSecret(secret, secret), true)
  for (const other of ['', secret.slice(1), `${secret}x`, newSecret(), secret.toLowerCase()]) {
    t.equal(sameSecret(secret, other), false)
    t.equal(sameBytes(sha256(secret), sha256(other)), false)
  }
  t.equal(sameBytes(sha256(secret), sha256(secret).subarray(1)), false, 'of another length')
})

const NAME = String.raw`[\w.?]*(?:[sS]ecret|[hH]ash|[dD]igest|[vV]erifier|csrf)`
const COMPARED = new RegExp(String.raw`\b${NAME}(?:\(\w+\))? *[!=]== *(?!undefined|null|'')\w|[\w)] *[!=]== *${NAME}\b`)

test('no comparison of a secret or of its hash stops at the first difference [A-TP-11]', async (t) => {
  const source = import.meta.dirname
  const found = readdirSync(source, { recursive: true, encoding: 'utf8' })
    // The demo compares the hash that it has just made with the one that is there.
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^testing|^demo\.ts$/.test(file))
    .flatMap((file) =>
      readFileSync(join(source, file), 'utf8')
        .split('\n')
        .filter((line) => COMPARED.test(line) && !line.includes('typeof'))
        .map((line) => `${file}: ${line.trim()}`),
    )
  t.same(found, [])
  t.match('if (secret === given) {', COMPARED)
  t.match('return sha256(given) !== client.secretHash', COMPARED)
})
