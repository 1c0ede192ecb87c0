import { randomBytes } from 'node:crypto'
import { loadProfile } from '@gatehouse/profiles'
import type { Closeable } from '@gatehouse/service'
import { silentLogger } from '@gatehouse/telemetry'
import { freePort, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { assembleHouse } from '../house.ts'
import { openSecrets } from '../secrets.ts'
import { wholePath } from './whole-path.ts'

test('the whole path on embedded parts, in one process', async (t) => {
  const opened: Closeable[] = []
  t.teardown(async () => {
    for (const thing of opened.reverse()) await thing.close()
  })
  const profile = loadProfile('align')
  const given = { adminToken: undefined, demoApiKey: undefined, demoPassword: randomBytes(9).toString('base64url') }
  const secrets = await openSecrets(await temporaryFolder(t), profile.apiKeyPrefix, given)
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const parts = { database: undefined, databaseOwner: undefined, redis: undefined, nats: undefined }
  const house = await assembleHouse(
    { profile, publicUrl, parts, folder: undefined, secrets, demo: true, log: silentLogger },
    (thing) => {
      opened.push(thing)
      return thing
    },
  )
  await house.server.listen({ host: '127.0.0.1', port })
  await house.ready()
  await wholePath(t, { publicUrl, password: secrets.demoPassword, adminToken: secrets.adminToken })
})
