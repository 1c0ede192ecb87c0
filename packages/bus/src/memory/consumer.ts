import { outageOf } from '../outage.ts'
import { backoff, pause } from '../pause.ts'
import type { Consumer, IncomingMessage } from '../port.ts'
import type { Batch, Durable } from './durable.ts'
import { LOOK_EVERY, type Parts } from './parts.ts'

interface Options {
  readonly filter: string
  readonly maxBatch: number
}

type Handle = (messages: readonly IncomingMessage[]) => Promise<void>

/** One worker of a durable: takes a batch, has it handled, acknowledges it, and keeps a refused one until it is done. */
export function startConsumer(parts: Parts, durable: Durable, options: Options, handle: Handle): Consumer {
  const stopping = new AbortController()
  const { signal } = stopping
  const facts = { stream: durable.stream, durable: durable.name }
  const reading = outageOf(parts.logger, 'reading a stream', facts)
  const handling = outageOf(parts.logger, 'handling messages', facts)

  const take = async (): Promise<Batch | undefined> => {
    try {
      const batch = await durable.take(options.filter, options.maxBatch)
      reading.ends()
      return batch
    } catch (error) {
      reading.begins(error)
      await pause(1_000, signal)
      return undefined
    }
  }
  const handled = async (batch: Batch): Promise<boolean> => {
    try {
      await handle(batch.messages.map((message) => ({ ...message, delivery: batch.delivery })))
      await durable.acknowledge(batch)
      handling.ends()
      return true
    } catch (error) {
      handling.begins(error)
      return false
    }
  }
  const work = async (): Promise<void> => {
    let inHand: Batch | undefined
    while (!signal.aborted) {
      const round = parts.wakeups.round(durable.stream)
      inHand ??= await take()
      if (!inHand) await parts.wakeups.after(durable.stream, round, LOOK_EVERY, signal)
      else if (signal.aborted) break
      else if (await handled(inHand)) inHand = undefined
      else {
        inHand = durable.refuse(inHand)
        await pause(backoff(inHand.delivery - 1), signal)
      }
    }
    if (inHand) durable.giveBack(inHand)
  }

  const working = work()
  return {
    async stop() {
      stopping.abort()
      await working
    },
  }
}
