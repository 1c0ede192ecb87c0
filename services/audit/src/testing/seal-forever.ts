import { systemClock } from '@gatehouse/contracts'
import { type Database, openDatabase, type Tx } from '@gatehouse/database'
import { makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { auditSchema } from '../schema.ts'
import { localHeadSigner } from '../seal/rings.ts'
import { sealAll } from './seal-all.ts'

/** For tests: a sealer that says when rows have their places and nothing is committed yet, and waits to be killed. */
const host = await openDatabase(process.argv[2] as string)
const database = host.as(auditSchema.role)
const signer = localHeadSigner(fixedKeyring({ make: makeSigningKey('ES256') }))
const stopping: Database = {
  ...database,
  asPlatform: (purpose, body) =>
    database.asPlatform(purpose, async (tx: Tx) => {
      const result = await body(tx)
      if (typeof result === 'number' && result > 0) {
        process.send?.('sealed')
        await new Promise(() => setInterval(() => undefined, 1_000))
      }
      return result
    }),
}
await sealAll({ database: stopping, signer, clock: systemClock })
