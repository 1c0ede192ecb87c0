import type { Tracing } from '@gatehouse/telemetry'
import type { Bus, IncomingMessage } from './port.ts'

const HEADER = 'traceparent'

/** The kind of a subject, without whose it is: spans of one name are comparable. */
const kindOf = (subject: string): string => subject.split('.', 1)[0] ?? subject

const facts = (subject: string, operation: string) => ({
  'messaging.system': 'nats',
  'messaging.destination.name': subject,
  'messaging.operation.name': operation,
})

/**
 * The same bus; a message that is part of a trace carries it as the header `traceparent` (W3C), and is followed to who handles it. What is
 * published for nobody, or gathered from many calls, has no such header and makes no spans here.
 */
export function tracedBus(bus: Bus, tracing: Tracing | undefined): Bus {
  if (tracing === undefined) return bus
  const heard = ({ subject, headers }: IncomingMessage, work: () => void): void => {
    const parent = headers[HEADER]
    if (parent === undefined) work()
    else
      tracing.span(`process ${kindOf(subject)}`, { kind: 'consumer', parent, facts: facts(subject, 'process') }, work)
  }
  return {
    ...bus,
    publish(message) {
      const parent = message.headers?.[HEADER]
      if (parent === undefined) return bus.publish(message)
      const about = { kind: 'producer', parent, facts: facts(message.subject, 'publish') } as const
      return tracing.span(`publish ${kindOf(message.subject)}`, about, ({ traceparent }) =>
        bus.publish({ ...message, headers: { ...message.headers, [HEADER]: traceparent } }),
      )
    },
    follow: (stream, options, handle) =>
      bus.follow(stream, options, (message) => heard(message, () => handle(message))),
  }
}
