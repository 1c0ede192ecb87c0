import { loadProfile } from '@gatehouse/profiles'
import { t as file, test } from 'tap'
import { runningCluster } from '../running.ts'
import { azalt } from './azalt.ts'

file.setTimeout(170_000)

test('azalt, on two nodes over PostgreSQL, Redis and NATS', async (t) =>
  azalt(t, await runningCluster(t, loadProfile('azalt'))))
