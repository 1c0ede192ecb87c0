import { openBus } from '@gatehouse/bus'
import { openDatabase } from '@gatehouse/database'
import { openKeyValue } from '@gatehouse/kv'
import { t as file, test } from 'tap'
import { runningCluster } from '../running.ts'
import { alignAccounts } from './align-accounts.ts'
import { alignServer } from './align-server.ts'

file.setTimeout(170_000)

test('align, on two nodes over PostgreSQL, Redis and NATS', async (t) => {
  const { cluster, ...running } = await runningCluster(t)
  const host = await openDatabase(cluster.postgres.url)
  const kv = await openKeyValue(cluster.redis.url)
  const bus = await openBus(cluster.nats.url, { name: 'product' })
  t.teardown(async () => {
    for (const part of [bus, kv, host]) await part.close()
  })
  const house = { ...running, parts: { host, kv, bus } }
  await t.test('who may come in', (t) => alignAccounts(t, house))
  await t.test('what clients do', (t) => alignServer(t, house))
})
