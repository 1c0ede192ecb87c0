import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DatabaseHost, openDatabase, sql } from '@gatehouse/database'
import { busContract, type Harness } from './contract.ts'
import { type Bus, busSchema, openBus } from './index.ts'

busContract('embedded', async (t): Promise<Harness> => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bus-'))
  const buses: Bus[] = []
  let host: DatabaseHost
  const start = async (): Promise<void> => {
    host = await openDatabase(`pglite:${folder}/data`)
    await host.migrate([busSchema])
  }
  const end = async (): Promise<void> => {
    for (const bus of buses.splice(0)) await bus.close()
    await host.close()
  }
  await start()
  t.teardown(async () => {
    await end()
    rmSync(folder, { recursive: true })
  })
  return {
    async open() {
      const bus = await openBus('memory:', { database: host.as('gatehouse_bus') })
      buses.push(bus)
      return bus
    },
    async restart() {
      await end()
      await start()
    },
    async recreate(stream) {
      await host
        .as('gatehouse_bus')
        .asPlatform('a test', (tx) => tx.run(sql`delete from bus.streams where name = ${stream.name}`))
      await buses[0]?.ensureStreams([stream])
    },
  }
})
