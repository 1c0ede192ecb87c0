import type { Logger } from '@gatehouse/telemetry'
import { AckPolicy, DeliverPolicy, type NatsConnection, nanos } from 'nats'
import { outageOf } from '../outage.ts'
import { backoff, pause, unlessAborted } from '../pause.ts'
import type { Consumer, IncomingMessage } from '../port.ts'
import type { Connection } from './connection.ts'
import { type Held, Pull } from './pull.ts'

export interface Parts {
  readonly connection: Connection
  readonly logger: Logger
}

interface Options {
  readonly stream: string
  readonly durable: string
  readonly filter: string | undefined
  readonly maxBatch: number
}

type Handle = (messages: readonly IncomingMessage[]) => Promise<void>

/**
 * How long the server waits for an acknowledgement or a sign of work before it gives a message to another: so late, at most, comes
 * what a killed reader held.
 */
const ACK_WAIT = 6_000

/** One reader of a durable pull consumer. Whatever breaks is opened again; what was not acknowledged comes again. */
export function startConsumer(parts: Parts, options: Options, handle: Handle): Consumer {
  const stopping = new AbortController()
  const { signal } = stopping
  const facts = { stream: options.stream, durable: options.durable }
  const reading = outageOf(parts.logger, 'reading a stream', facts)
  const handling = outageOf(parts.logger, 'handling messages', facts)
  let failures = 0

  const handled = async (batch: readonly Held[]): Promise<boolean> => {
    try {
      await handle(batch.map(({ message }) => message))
      handling.ends()
      failures = 0
      return true
    } catch (error) {
      handling.begins(error)
      failures += 1
      return false
    }
  }
  /** Until the server or the connection fails, or the stop. */
  const readOn = async (pull: Pull, over: AbortSignal): Promise<void> => {
    for (;;) {
      const batch = await pull.next(options.maxBatch)
      if (batch.length === 0) return
      if (await handled(batch)) pull.acknowledge(batch)
      else await pull.refuse(batch, backoff(failures), over)
      if (failures > 0 && signal.aborted) return
    }
  }
  const session = async (): Promise<void> => {
    const { nats, signal: over, release } = await parts.connection.session(signal)
    try {
      await unlessAborted(over, ensureDurable(nats, options))
      reading.ends()
      const pull = new Pull(nats, {
        subject: `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.durable}`,
        inbox: parts.connection.inbox(),
        maxBatch: options.maxBatch,
      })
      over.addEventListener('abort', () => (signal.aborted ? void pull.finish() : pull.lose()))
      try {
        await readOn(pull, over)
      } finally {
        await pull.close()
      }
      if (pull.fault) throw pull.fault
    } finally {
      release()
    }
  }
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await session()
      } catch (error) {
        if (!signal.aborted) reading.begins(error)
        await pause(1_000, signal)
      }
    }
  }

  const working = work()
  return {
    async stop() {
      stopping.abort()
      await working
    },
  }
}

async function ensureDurable(nats: NatsConnection, { stream, durable, filter }: Options): Promise<void> {
  const jsm = await nats.jetstreamManager({ checkAPI: false, timeout: 2_000 })
  await jsm.consumers.add(stream, {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT),
    deliver_policy: DeliverPolicy.All,
    max_deliver: -1,
    ...(filter !== undefined && filter !== '>' && { filter_subject: filter }),
  })
}
