import { openBus } from '@gatehouse/bus'
import { openDatabase } from '@gatehouse/database'
import { nats, postgres } from '@gatehouse/testkit'
import { auditSchema } from '../schema.ts'
import { ingestCases } from './ingest.cases.ts'

ingestCases('PostgreSQL and NATS', async (t) => {
  const [database, broker] = await Promise.all([postgres(t, { private: true }), nats(t)])
  const host = await openDatabase(database.url)
  await host.migrate([auditSchema])
  const bus = await openBus(broker.url)
  return {
    host,
    bus,
    async outage(during) {
      await database.crash()
      await during()
      await database.start()
    },
    async close() {
      await bus.close()
      await host.close()
    },
  }
})
