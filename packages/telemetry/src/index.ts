export { createLogger, type Logger, silentLogger } from './logger.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export type { Observe, Timing } from './timing.ts'
export { openTracing, type SpanAbout, type SpanHandle, type Tracing, traceFields } from './tracing.ts'
