import { t as file, test } from 'tap'
import { runningHouse } from '../running.ts'
import { audigyd } from './audigyd.ts'

file.setTimeout(120_000)

test('audigyd on embedded parts, in one process', async (t) =>
  audigyd(t, await runningHouse(t, { embedded: true, profile: 'audigyd' })))
