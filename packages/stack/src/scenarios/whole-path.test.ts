import { test } from 'tap'
import { runningHouse } from './running.ts'
import { wholePath } from './whole-path.ts'

test('the whole path on embedded parts, in one process', async (t) => {
  const { publicUrl, secrets } = await runningHouse(t, { embedded: true })
  await wholePath(t, { publicUrl, password: secrets.demoPassword, adminToken: secrets.adminToken })
})
