import { t as file, test } from 'tap'
import { runningHouse } from '../running.ts'
import { orgonaut } from './orgonaut.ts'

file.setTimeout(120_000)

test('orgonaut on embedded parts, in one process', async (t) =>
  orgonaut(t, await runningHouse(t, { embedded: true, profile: 'orgonaut' })))
