import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type Msg,
  type NatsConnection,
  nanos,
  ReplayPolicy,
} from 'nats'
import type { IncomingMessage } from '../port.ts'
import { incoming, parseDelivery } from './messages.ts'

export type Start = Required<Pick<ConsumerConfig, 'deliver_policy'>> &
  Partial<Pick<ConsumerConfig, 'opt_start_seq' | 'opt_start_time'>>

export interface Wanted {
  readonly filter: string | undefined
  readonly start: Start
  /** Where the messages come. */
  readonly inbox: string
}

export interface Heard {
  /** `pending`: messages that were still to come when this one left the server. */
  deliver(message: IncomingMessage, pending: number): void
  /** Nothing is left to come for now. */
  idle(): void
}

export interface Ordered {
  /** Has the consumer created, which begins the delivery. @throws what `create` throws */
  begin(create: (config: Partial<ConsumerConfig>) => Promise<ConsumerInfo>): Promise<void>
  /** Resolves when the order can no longer be vouched for, or after `end`. */
  readonly ended: Promise<void>
  end(): void
}

const HEARTBEAT_EVERY = 1_000
const SILENT_AFTER = 3 * HEARTBEAT_EVERY

/**
 * A push consumer of the server's memory that acknowledges nothing. The server numbers what it sends from 1, and its
 * heartbeats carry the last number: whatever does not fit ends it, and the follower begins anew where it was.
 */
export function openOrdered(nats: NatsConnection, { filter, start, inbox }: Wanted, heard: Heard): Ordered {
  let received = 0
  let heardAt = performance.now()
  let over = false
  let sayEnded = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    sayEnded = resolve
  })

  const end = (): void => {
    if (over) return
    over = true
    clearInterval(watch)
    subscription.unsubscribe()
    sayEnded()
  }
  const hear = (msg: Msg): void => {
    if (over) return
    heardAt = performance.now()
    const delivery = parseDelivery(msg.reply)
    if (!delivery) protocol(msg)
    else if (delivery.consumerSequence !== received + 1) end()
    else {
      received = delivery.consumerSequence
      heard.deliver(incoming(msg, delivery), delivery.pending)
    }
  }
  const protocol = ({ headers, reply }: Msg): void => {
    const stalled = reply || headers?.get('Nats-Consumer-Stalled')
    if (headers?.code !== 100) end()
    else if (stalled) nats.publish(stalled)
    else if (Number(headers.get('Nats-Last-Consumer')) !== received) end()
    else heard.idle()
  }
  const subscription = nats.subscribe(inbox, { callback: (error, msg) => (error ? end() : hear(msg)) })
  const watch = setInterval(() => {
    if (performance.now() - heardAt > SILENT_AFTER) end()
  }, HEARTBEAT_EVERY)

  return {
    ended,
    end,
    async begin(create) {
      try {
        const consumer = await create(consumerConfig(inbox, filter, start))
        if (consumer.num_pending === 0 && consumer.delivered.consumer_seq === 0) heard.idle()
      } catch (error) {
        end()
        throw error
      }
    },
  }
}

function consumerConfig(inbox: string, filter: string | undefined, start: Start): Partial<ConsumerConfig> {
  return {
    ...start,
    deliver_subject: inbox,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    max_deliver: 1,
    flow_control: true,
    idle_heartbeat: nanos(HEARTBEAT_EVERY),
    mem_storage: true,
    num_replicas: 1,
    // "Last per subject" wants a filter to be named, even if it takes everything.
    filter_subject: filter ?? '>',
  }
}
