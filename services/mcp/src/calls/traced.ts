import type { Tracing } from '@gatehouse/telemetry'
import type { Recorder } from './record.ts'

/** The same recorder; what is stored of a call is a span of its trace, and whoever takes the event from the log goes on from there. */
export function tracedRecorder(recorder: Recorder, tracing: Tracing | undefined): Recorder {
  if (tracing === undefined) return recorder
  const facts = { 'messaging.system': 'nats', 'messaging.operation.name': 'publish' }
  return {
    record(event, waitMs) {
      const parent = event.traceparent
      if (parent === undefined) return recorder.record(event, waitMs)
      return tracing.span('publish audit', { kind: 'producer', parent, facts }, async (span) => {
        const stored = await recorder.record({ ...event, traceparent: span.traceparent }, waitMs)
        if (!stored) span.fail('not stored in time')
        return stored
      })
    },
    reachable: () => recorder.reachable(),
    close: (waitMs) => recorder.close(waitMs),
    get waiting() {
      return recorder.waiting ?? 0
    },
    ...(recorder.off === undefined ? {} : { off: recorder.off }),
  }
}
