import { test } from 'tap'
import { runningHouse } from '../running.ts'
import { alignAccounts } from './align-accounts.ts'
import { alignServer } from './align-server.ts'

test('align, in one process on embedded parts', async (t) => {
  const house = await runningHouse(t, { embedded: true })
  await t.test('who may come in', (t) => alignAccounts(t, house))
  await t.test('what clients do', (t) => alignServer(t, house))
})
