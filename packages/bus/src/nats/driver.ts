import { refuseInsideTransaction } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { ErrorCode, NatsError } from 'nats'
import { outgoingData } from '../outgoing.ts'
import { type Bus, BusUnavailable, noStreamFor } from '../port.ts'
import { createRunning } from '../running.ts'
import { within } from '../within.ts'
import { openConnection } from './connection.ts'
import { startConsumer } from './consumer.ts'
import { startFollower } from './follower.ts'
import { createPublisher } from './publisher.ts'
import { ensureStream, recreateStream } from './streams.ts'

/** Milliseconds until publishing and pinging give up, and until creating the streams does. */
const ANSWER_WITHIN = 2_000
const CREATE_WITHIN = 10_000

interface Options {
  readonly logger: Logger
  readonly name: string
  readonly replicas?: number
}

/** JetStream over one connection. */
export async function openNats(url: string, { logger, name, replicas }: Options): Promise<Bus> {
  const connection = await openConnection(url, name, logger)
  const publish = createPublisher(connection, ANSWER_WITHIN)
  const running = createRunning()
  const parts = { connection, logger }

  return {
    driver: 'nats',
    async publish(message) {
      refuseInsideTransaction('publishing')
      const data = outgoingData(message)
      return orUnavailable(message.subject, async () => publish(message, data))
    },
    async consume(stream, { durable, filter, maxBatch = 100 }, handle) {
      refuseInsideTransaction('starting a consumer')
      return running.add(startConsumer(parts, { stream, durable, filter, maxBatch }, handle))
    },
    async follow(stream, options, handle) {
      refuseInsideTransaction('starting a follower')
      return running.add(await startFollower(parts, stream, options, handle))
    },
    async ensureStreams(streams) {
      refuseInsideTransaction('creating streams')
      await orUnavailable('$JS.API', async () => {
        const nats = await connection.ready(AbortSignal.timeout(CREATE_WITHIN))
        const jsm = await nats.jetstreamManager({ timeout: CREATE_WITHIN, checkAPI: false })
        for (const stream of streams) await ensureStream(jsm, stream, replicas)
      })
    },
    async recreateStreams(streams) {
      refuseInsideTransaction('creating streams')
      await orUnavailable('$JS.API', async () => {
        const nats = await connection.ready(AbortSignal.timeout(CREATE_WITHIN))
        const jsm = await nats.jetstreamManager({ timeout: CREATE_WITHIN, checkAPI: false })
        for (const stream of streams) await recreateStream(jsm, stream, replicas)
      })
    },
    ping: () => orUnavailable('', async () => within(ANSWER_WITHIN, connection.up().flush())),
    async close() {
      await running.stopAll()
      await connection.close()
    },
  }
}

async function orUnavailable<T>(subject: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    const missing = error instanceof NatsError && error.code === ErrorCode.NoResponders
    throw new BusUnavailable(missing ? noStreamFor(subject, error) : error)
  }
}
