import { AsyncLocalStorage } from 'node:async_hooks'

/** Facts of a span. Never a token, a key, an argument or an answer. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>

export interface SpanAbout {
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly facts?: SpanFacts
  /** W3C `traceparent` of whoever asked. Absent or not well formed: the span around the caller. */
  readonly parent?: string | undefined
}

/** A span that is going on. */
export interface SpanHandle {
  /** What those who are asked next are told, as a W3C `traceparent`. */
  readonly traceparent: string
  rename(name: string): void
  add(facts: SpanFacts): void
  /** It did not come to what it should. No message: it may hold what was sent. */
  fail(reason?: string): void
  end(): void
}

/**
 * Where traces are made. A service has one only where `OTEL_EXPORTER_OTLP_ENDPOINT` is set: without it nothing of this is loaded, and what is
 * traced is not even wrapped.
 */
export interface Tracing {
  /** Runs `work` inside a new span, which ends when what it returns has ended. A throw makes it a failed one. */
  span<T>(name: string, about: SpanAbout, work: (span: SpanHandle) => T): T
  /** A span that the caller ends; `within` runs something inside it. */
  begin(name: string, about: SpanAbout): SpanHandle
  within<T>(span: SpanHandle, work: () => T): T
  /** A span of what is over: from `fromMs` (since the epoch) to now. */
  past(name: string, about: SpanAbout, fromMs: number): void
  /** Of the span around the caller. */
  traceparent(): string | undefined
  /** Sends what waits. */
  close(): Promise<void>
}

export interface TracingOptions {
  readonly service: string
  /** Absent: there is no tracing. */
  readonly endpoint: string | undefined
  /** Share of the traces that begin here which are kept. */
  readonly ratio: number
  /** At most so long a span waits to be sent. Default 5 s. */
  readonly delayMs?: number
}

/** The span that is going on around the caller: one for the process, so that its log can name it. Without tracing there never is one. */
const current = new AsyncLocalStorage<SpanHandle>()
export const currentSpan = (): SpanHandle | undefined => current.getStore()

/** W3C Trace Context section 3.2, version 00 and later with the same fields. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/

/** A trace as a log line names it: the fields that OpenTelemetry gives JSON logs. */
export function traceFields(traceparent: string | undefined): {
  trace_id?: string | undefined
  span_id?: string | undefined
} {
  const [, trace_id, span_id] = TRACEPARENT.exec(traceparent ?? '') ?? []
  return trace_id === undefined ? {} : { trace_id, span_id }
}

/** Tracing to an OTLP collector over HTTP, or `undefined` without an address of one. */
export async function openTracing(options: TracingOptions): Promise<Tracing | undefined> {
  if (options.endpoint === undefined) return undefined
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const url = `${options.endpoint.replace(/\/$/, '')}/v1/traces`
  const processor = new sdk.BatchSpanProcessor({
    // A collector that is away must not hold up the end of the process.
    exporter: new OTLPTraceExporter({ url, timeoutMillis: 3_000 }),
    scheduledDelayMillis: options.delayMs ?? 5_000,
  })
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `gatehouse-${options.service}`,
      'service.namespace': 'gatehouse',
    }),
    // What a caller decided holds; of what begins here a share is kept.
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.ratio) }),
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('gatehouse')
  const kinds = {
    internal: api.SpanKind.INTERNAL,
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    producer: api.SpanKind.PRODUCER,
    consumer: api.SpanKind.CONSUMER,
  }
  const contextOf = (parent: string | undefined) => {
    const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? current.getStore()?.traceparent ?? '') ?? []
    if (traceId === undefined || spanId === undefined) return api.ROOT_CONTEXT
    const traceFlags = Number.parseInt(flags ?? '00', 16) & 1
    return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
  }
  const begin = (
    name: string,
    { kind = 'internal', facts = {}, parent }: SpanAbout,
    startTime?: number,
  ): SpanHandle => {
    const settings = { kind: kinds[kind], attributes: { ...facts }, ...(startTime === undefined ? {} : { startTime }) }
    const span = tracer.startSpan(name, settings, contextOf(parent))
    const { traceId, spanId, traceFlags } = span.spanContext()
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      rename: (to) => void span.updateName(to),
      add: (more) => void span.setAttributes({ ...more }),
      fail(reason) {
        span.setStatus({ code: api.SpanStatusCode.ERROR })
        if (reason !== undefined) span.setAttribute('error.type', reason)
      },
      end: () => span.end(),
    }
  }
  return {
    begin,
    within: (span, work) => current.run(span, work),
    span(name, about, work) {
      const span = begin(name, about)
      return current.run(span, () => endedWith(span, () => work(span)))
    },
    past(name, about, fromMs) {
      begin(name, about, fromMs).end()
    },
    traceparent: () => current.getStore()?.traceparent,
    // What a collector does not take is lost: it is no reason to end badly.
    close: () => provider.shutdown().catch(() => undefined),
  }
}

/** Ends a span with what it is about, at once or when its promise has settled. */
function endedWith<T>(span: SpanHandle, work: () => T): T {
  const failed = (error: unknown): never => {
    span.fail(error instanceof Error ? error.name : 'unknown')
    span.end()
    throw error
  }
  let result: T
  try {
    result = work()
  } catch (error) {
    return failed(error)
  }
  if (!(result instanceof Promise)) {
    span.end()
    return result
  }
  return result.then((value: unknown) => {
    span.end()
    return value
  }, failed) as T
}
