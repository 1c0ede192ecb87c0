import { refuseInsideTransaction } from '@gatehouse/contracts'
import { outgoingData } from '../outgoing.ts'
import { type Bus, BusUnavailable, noStreamFor } from '../port.ts'
import { createRunning } from '../running.ts'
import { matchesSubject } from '../subjects.ts'
import { type Appended, append } from './append.ts'
import { startConsumer } from './consumer.ts'
import { Durable } from './durable.ts'
import { startFollower } from './follower.ts'
import type { Parts } from './parts.ts'
import { deleteStream, ensureStream, listStreams } from './streams.store.ts'
import { Wakeups } from './wakeups.ts'

/** Streams as tables of the embedded database; readers are woken in process, after the commit. */
export function openMemory(options: Omit<Parts, 'wakeups'>): Bus {
  const parts: Parts = { ...options, wakeups: new Wakeups() }
  const durables = new Map<string, Durable>()
  const running = createRunning()
  const streamFor = subjectIndex(parts)
  const { database, clock, wakeups } = parts

  const store = async (stream: string, message: Parameters<typeof append>[2]): Promise<Appended> => {
    const stored = await orUnavailable(() =>
      database.asPlatform('bus: publish', (tx) => append(tx, stream, message, clock.now())),
    )
    if (stored) return stored
    streamFor.forget()
    throw new BusUnavailable(noStreamFor(message.subject))
  }

  return {
    driver: 'memory',
    async publish(message) {
      refuseInsideTransaction('publishing')
      const data = outgoingData(message)
      const stream = await orUnavailable(() => streamFor.find(message.subject))
      if (stream === undefined) throw new BusUnavailable(noStreamFor(message.subject))
      const stored = await store(stream, { ...message, data })
      if (!stored.duplicate) wakeups.wake(stream)
      return stored
    },
    async consume(stream, { durable: name, filter = '>', maxBatch = 100 }, handle) {
      refuseInsideTransaction('starting a consumer')
      const key = `${stream} ${name}`
      const durable = durables.get(key) ?? new Durable(parts, stream, name)
      durables.set(key, durable)
      return running.add(startConsumer(parts, durable, { filter, maxBatch }, handle))
    },
    async follow(stream, options, handle) {
      refuseInsideTransaction('starting a follower')
      return running.add(await startFollower(parts, stream, options, handle))
    },
    async ensureStreams(streams) {
      refuseInsideTransaction('creating streams')
      await orUnavailable(() =>
        database.asPlatform('bus: create streams', async (tx) => {
          for (const stream of streams) await ensureStream(tx, stream)
        }),
      )
      streamFor.forget()
      for (const { name } of streams) wakeups.wake(name)
    },
    async recreateStreams(streams) {
      refuseInsideTransaction('creating streams')
      await orUnavailable(() =>
        database.asPlatform('bus: create streams', async (tx) => {
          for (const stream of streams) {
            await deleteStream(tx, stream.name)
            await ensureStream(tx, stream)
          }
        }),
      )
      streamFor.forget()
      for (const { name } of streams) wakeups.wake(name)
    },
    ping: () => orUnavailable(() => database.ping()),
    async close() {
      await running.stopAll()
    },
  }
}

async function orUnavailable<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw new BusUnavailable(error)
  }
}

/** Subject → stream, from a list that is read anew when it lacks one. */
function subjectIndex({ database }: Parts) {
  let known: readonly { readonly name: string; readonly subjects: readonly string[] }[] = []
  const look = (subject: string): string | undefined =>
    known.find(({ subjects }) => subjects.some((filter) => matchesSubject(filter, subject)))?.name
  return {
    async find(subject: string): Promise<string | undefined> {
      const stream = look(subject)
      if (stream !== undefined) return stream
      known = await database.asPlatform('bus: read streams', listStreams)
      return look(subject)
    },
    forget(): void {
      known = []
    },
  }
}
