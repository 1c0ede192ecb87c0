import { loadProfile } from '@gatehouse/profiles'
import { t as file, test } from 'tap'
import { runningCluster } from '../running.ts'
import { orgonaut } from './orgonaut.ts'

file.setTimeout(170_000)

const running = await runningCluster(file, loadProfile('orgonaut'))

test('orgonaut on PostgreSQL, Redis and NATS, two nodes behind a balancer without affinity', (t) =>
  orgonaut(t, running))
