import { loadProfile } from '@gatehouse/profiles'
import { temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { startCluster } from '../cluster/cluster.ts'
import { openSecrets } from '../secrets.ts'
import { wholePath } from './whole-path.ts'

test('the whole path on PostgreSQL, Redis and NATS, two nodes behind a balancer without affinity', async (t) => {
  const folder = await temporaryFolder(t)
  const profile = 'align'
  const given = { adminToken: undefined, demoApiKey: undefined, demoPassword: undefined }
  const secrets = await openSecrets(folder, loadProfile(profile).apiKeyPrefix, given)
  const surroundings = process.env
  const cluster = await startCluster({ folder, port: 0, mcpNodes: 2, profile, secrets, demo: true, surroundings })
  t.teardown(() => cluster.close())
  await wholePath(t, {
    publicUrl: cluster.publicUrl,
    password: secrets.demoPassword,
    adminToken: secrets.adminToken,
  })
})
