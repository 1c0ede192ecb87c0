import { busSchema, openBus } from '@gatehouse/bus'
import { openDatabase } from '@gatehouse/database'
import { auditSchema } from '../schema.ts'
import { ingestCases } from './ingest.cases.ts'

ingestCases('embedded parts', async () => {
  const host = await openDatabase('pglite:')
  await host.migrate([busSchema, auditSchema])
  const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
  return {
    host,
    bus,
    async close() {
      await bus.close()
      await host.close()
    },
  }
})
