import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { appendFile, type FileHandle, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@gatehouse/contracts'
import { silentLogger } from '@gatehouse/telemetry'
import fc from 'fast-check'
import { type Test, test, t as wholeFile } from 'tap'
import { drainJournal, type Parcel, parcelsOf } from './drain.ts'
import { type Journal, JournalFull, type JournalOptions, openJournal, type SegmentFile } from './journal.ts'
import { JournalHeld } from './lock.ts'

/** What journals have left open that were dropped as a killed process drops them. */
const left = new Set<FileHandle>()
wholeFile.teardown(() => Promise.all([...left].map((handle) => handle.close())))

const folders = async (t: Test): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
const opened = (folder: string, over: Partial<JournalOptions> = {}): Promise<Journal> =>
  openJournal({
    folder,
    clock: systemClock,
    log: silentLogger,
    maxBytes: 1e8,
    segmentBytes: 1e6,
    openFile: (path) => limited(path, { room: Number.POSITIVE_INFINITY }),
    ...over,
  })

/** All that a journal holds; it is empty afterwards. */
async function takeAll(journal: Journal): Promise<string[]> {
  const all: string[] = []
  for (let segment = await journal.oldest(); segment !== undefined; segment = await journal.oldest()) {
    all.push(...segment.records)
    await journal.remove(segment.name)
  }
  return all
}

test('what was appended is there in its order, also for the next process', async (t) => {
  const folder = await folders(t)
  const first = await opened(folder, { segmentBytes: 30 })
  for (const text of ['one', 'two', 'three', 'four', 'five']) await first.append(text)
  t.ok((await readdir(folder)).length > 2, 'in more than one segment')
  // Nothing is closed: that is what a killed process leaves.
  const next = await opened(folder)
  t.notOk(next.empty)
  await next.append('six')
  t.same(await takeAll(next), ['one', 'two', 'three', 'four', 'five', 'six'])
  t.ok(next.empty)
  t.equal(next.bytes, 0)
  await next.close()
  t.same(await readdir(folder), [])
})

test('appends that wait together are synced together', async (t) => {
  let syncs = 0
  const journal = await opened(await folders(t), { openFile: (path) => counted(path, () => (syncs += 1)) })
  await Promise.all(Array.from({ length: 500 }, (_, at) => journal.append(`record ${at}`)))
  t.ok(syncs >= 1 && syncs <= 3, `${syncs} syncs`)
  t.equal((await takeAll(journal)).length, 500)
  await journal.close()
})

test('appends from many sides, segments taken meanwhile, processes that are killed: nothing is lost and nothing invented', async (t) => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 8 }) }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'take' as const, count: 0 }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const, count: 0 }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('torn' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const folder = await mkdtemp(join(tmpdir(), 'journal-'))
      let journal = await opened(folder, { segmentBytes: 64 })
      const appended: string[] = []
      const taken: string[] = []
      let pending: Promise<unknown>[] = []
      for (const { kind, count } of steps) {
        if (kind === 'append') {
          const records = Array.from({ length: count }, (_, at) => `r${appended.length + at}`)
          appended.push(...records)
          pending.push(...records.map((record) => journal.append(record)))
        }
        if (kind === 'take') {
          const segment = await journal.oldest()
          if (segment !== undefined) {
            taken.push(...segment.records)
            await journal.remove(segment.name)
          }
        }
        if (kind === 'crash' || kind === 'torn') {
          await Promise.all(pending)
          pending = []
          const last = readdirSync(folder)
            .filter((name) => name.endsWith('.journal'))
            .sort()
            .at(-1)
          if (kind === 'torn' && last !== undefined) await appendFile(join(folder, last), Buffer.alloc(count, 0x5a))
          journal = await opened(folder, { segmentBytes: 64 })
        }
      }
      await Promise.all(pending)
      taken.push(...(await takeAll(journal)))
      await journal.close()
      await rm(folder, { recursive: true })
      t.same(taken, appended)
    }),
    { numRuns: 40 },
  )
})

test('a disk that is full refuses; what was taken before stays, what was refused is not there, and it goes on when there is room', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 9 }), async (room, together) => {
      const folder = await mkdtemp(join(tmpdir(), 'journal-'))
      const disk = { room }
      let now = 0
      const journal = await opened(folder, {
        segmentBytes: 90,
        clock: { now: () => now },
        openFile: (path) => limited(path, disk),
      })
      const kept: string[] = []
      for (let round = 0; round < 8; round += 1) {
        const records = Array.from({ length: together }, (_, at) => `record ${round}.${at}`)
        const ends = await Promise.allSettled(records.map((record) => journal.append(record)))
        records.forEach((record, at) => {
          const end = ends[at]
          if (end?.status === 'fulfilled') kept.push(record)
          else if (!(end?.reason instanceof JournalFull)) throw new Error('refused in another way')
        })
        if (ends.some(({ status }) => status === 'rejected')) {
          if (journal.writable) throw new Error('writable right after a refusal')
          now += 1_000
          if (!journal.writable) throw new Error('never tried again')
        }
      }
      disk.room = Number.POSITIVE_INFINITY
      await journal.append('at last')
      const next = await opened(folder)
      t.same(await takeAll(next), [...kept, 'at last'])
      await rm(folder, { recursive: true })
    }),
    { numRuns: 40 },
  )
})

test('a sync that fails refuses, and nothing is appended behind what may not be there', async (t) => {
  const folder = await folders(t)
  let broken = true
  const journal = await opened(folder, {
    openFile: async (path) => {
      const file = await limited(path, { room: Number.POSITIVE_INFINITY })
      return { ...file, sync: () => (broken ? Promise.reject(new Error('EIO')) : file.sync()) }
    },
  })
  await t.rejects(journal.append('lost'), JournalFull)
  broken = false
  await journal.append('kept')
  t.same(await takeAll(journal), ['kept'])
  await journal.close()
})

test('the journal has a size: beyond it it refuses, and takes again when it has been drained', async (t) => {
  const journal = await opened(await folders(t), { maxBytes: 60 })
  await journal.append('x'.repeat(30))
  await t.rejects(journal.append('y'.repeat(30)), JournalFull)
  t.equal((await takeAll(journal)).length, 1)
  await journal.append('y'.repeat(30))
  t.same(await takeAll(journal), ['y'.repeat(30)])
  await journal.close()
  await t.rejects(journal.append('z'), JournalFull)
})

test('what was torn is kept for an operator beside the journal', async (t) => {
  const folder = await folders(t)
  await (await opened(folder)).append('whole')
  const [name = ''] = (await readdir(folder)).filter((each) => each.endsWith('.journal'))
  await appendFile(join(folder, name), 'torn')
  const journal = await opened(folder)
  t.same(await takeAll(journal), ['whole'])
  await journal.close()
  t.same(await readdir(folder), [`${name}.torn`])
})

test('a folder belongs to one process; what a killed one has left is taken over', async (t) => {
  const folder = await folders(t)
  const child = spawn('sleep', ['60'])
  t.teardown(() => child.kill('SIGKILL'))
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '')
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  await writeFile(join(folder, 'lock'), `${child.pid} ${began}`)
  await t.rejects(opened(folder), JournalHeld)
  await writeFile(join(folder, 'lock'), `${child.pid} 1`)
  if (began !== '') await (await opened(folder)).close()
  await writeFile(join(folder, 'lock'), '999999999 1')
  await (await opened(folder)).close()
})

test('whoever is killed between publishing and removing publishes again, with the same id', async (t) => {
  const folder = await folders(t)
  const log = silentLogger
  const stored = new Map<string, string>()
  let allowed = 3
  const publish = async (parcel: Parcel): Promise<void> => {
    if (allowed === 0) throw new Error('away')
    allowed -= 1
    stored.set(parcel.id, parcel.data)
  }
  const first = await opened(folder, { segmentBytes: 20 })
  for (let at = 0; at < 12; at += 1) await first.append(`{"at":${at}}`)
  await drainJournal({ journal: first, publish, log, arrived: () => undefined }).close(50)
  t.equal(stored.size, 3)
  allowed = Number.POSITIVE_INFINITY
  const next = await opened(folder, { segmentBytes: 20 })
  await drainJournal({ journal: next, publish, log, arrived: () => undefined }).close(5_000)
  t.ok(next.empty)
  const all = [...stored.values()].flatMap((data) => (JSON.parse(data) as { events: { at: number }[] }).events)
  t.same(
    all.map(({ at }) => at),
    Array.from({ length: 12 }, (_, at) => at),
    'each once, oldest first',
  )
  await next.close()
})

test('parcels hold all events in their order and stay below the limit of a message', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }), (sizes) => {
      const events = sizes.map((size, at) => JSON.stringify({ at, text: 'x'.repeat(size) }))
      const parcels = parcelsOf(events)
      const back = parcels.flatMap(({ data }) => (JSON.parse(data) as { events: { at: number }[] }).events)
      return (
        parcels.every(({ data }) => data.length < 1_000_000) &&
        back.every(({ at }, place) => at === place) &&
        back.length === sizes.length
      )
    }),
    { numRuns: 30 },
  )
})

const main = fileURLToPath(new URL('./writing.main.ts', import.meta.url))

test('kill -9 while many append: each record that was said to be safe is there for the next process, once', async (t) => {
  const folder = await folders(t)
  const said: string[] = []
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, ['--import', 'tsx', main, folder, `p${round}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8')
    const enough = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: string) => {
        text += chunk
        if (text.length > 1_000 * (round + 1)) resolve()
      })
    })
    await enough
    child.kill('SIGKILL')
    await once(child, 'close')
    said.push(...text.split('\n').slice(0, -1))
  }
  const journal = await opened(folder)
  const found = await takeAll(journal)
  await journal.close()
  const there = new Set(found)
  t.equal(there.size, found.length, 'none twice')
  t.same(
    said.filter((record) => !there.has(record)),
    [],
  )
  t.ok(said.length > 400, `${said.length} were said to be safe, ${found.length} were there`)
})

async function counted(path: string, synced: () => void): Promise<SegmentFile> {
  const file = await limited(path, { room: Number.POSITIVE_INFINITY })
  return {
    ...file,
    sync() {
      synced()
      return file.sync()
    },
  }
}

/** A file on a disk with so much room: what does not fit is written in part, then refused. */
async function limited(path: string, disk: { room: number }): Promise<SegmentFile> {
  const handle = await open(path, 'ax')
  left.add(handle)
  return {
    async append(bytes) {
      const fits = bytes.subarray(0, Math.min(bytes.length, disk.room))
      disk.room -= fits.length
      await handle.appendFile(fits)
      if (fits.length < bytes.length) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    },
    sync: () => handle.datasync(),
    close: () => (left.delete(handle) ? handle.close() : Promise.resolve()),
  }
}
