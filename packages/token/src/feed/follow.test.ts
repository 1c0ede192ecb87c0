import { busSchema, openBus } from '@gatehouse/bus'
import { openDatabase, sql } from '@gatehouse/database'
import { feedCases } from './follow.cases.ts'

feedCases('the embedded bus', async () => {
  const host = await openDatabase('pglite:')
  await host.migrate([busSchema])
  const database = host.as('gatehouse_bus')
  const bus = await openBus(undefined, { database })
  return {
    bus,
    deleteStreams: () => database.asPlatform('test', async (tx) => void (await tx.run(sql`delete from bus.streams`))),
    async close() {
      await bus.close()
      await host.close()
    },
  }
})
