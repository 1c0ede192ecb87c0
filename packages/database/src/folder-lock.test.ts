import { readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { FolderHeld } from './errors.ts'
import { holdFolder } from './folder-lock.ts'

/** Above the largest pid that Linux gives out. */
const NOBODY = 2 ** 22 + 1

const deadLock = { pid: NOBODY, host: hostname(), since: '2026-01-01T00:00:00.000Z', born: null, token: 'dead' }

test('a folder is held by one, who is named to the next; given back, it is free and clean', async (t) => {
  const folder = t.testdir({})
  const release = await holdFolder(folder)
  const refused = await holdFolder(folder).catch((error: unknown) => error)
  t.ok(refused instanceof FolderHeld && refused.pid === process.pid && Date.parse(refused.since) <= Date.now())
  await release()
  await (await holdFolder(folder))()
  t.strictSame(await readdir(folder), [])
})

test('the lock of a dead process is taken over, by exactly one of many that try at once', async (t) => {
  const folder = t.testdir({ lock: JSON.stringify(deadLock) })
  const tries = await Promise.allSettled(Array.from({ length: 12 }, () => holdFolder(folder)))
  t.equal(tries.filter((result) => result.status === 'fulfilled').length, 1)
  t.ok(tries.every((result) => result.status === 'fulfilled' || result.reason instanceof FolderHeld))
  t.strictSame(await readdir(folder), ['lock'])
})

test('a process that died while taking over does not bar the folder', async (t) => {
  const folder = t.testdir({ lock: JSON.stringify(deadLock) })
  await writeFile(join(folder, 'lock-after-dead'), JSON.stringify({ ...deadLock, token: 'dead too' }))
  await (await holdFolder(folder))()
  t.strictSame(await readdir(folder), [])
})

test('a pid that was given out again is not the holder', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async (t) => {
  const folder = t.testdir({ lock: JSON.stringify({ ...deadLock, pid: process.pid, born: '1' }) })
  await (await holdFolder(folder))()
})

test('a holder on another host counts as living', async (t) => {
  const folder = t.testdir({ lock: JSON.stringify({ ...deadLock, host: 'elsewhere.example' }) })
  await t.rejects(holdFolder(folder), { name: 'FolderHeld', host: 'elsewhere.example' })
})
