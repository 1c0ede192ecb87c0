import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { Tally } from './tally.ts'
import { Timing } from './timing.ts'

/** Prometheus metrics of one process. Names carry their unit (`_seconds`, `_bytes`, `_total`). */
export interface Metrics {
  counter<L extends string = string>(name: string, help: string, labels?: readonly L[]): Counter<L>
  gauge<L extends string = string>(name: string, help: string, labels?: readonly L[]): Gauge<L>
  histogram<L extends string = string>(
    name: string,
    help: string,
    labels?: readonly L[],
    bucketsSeconds?: readonly number[],
  ): Histogram<L>
  /** A counter for what happens with every request. */
  tally<L extends string>(name: string, help: string, labels: readonly L[]): Tally<L>
  /** A histogram for what happens with every request. */
  timing<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    bucketsSeconds: readonly number[],
  ): Timing<L>
  /** The exposition text and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>
}

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Asking twice for a name gives the same metric, so three services may share one process. */
export function createMetrics(options: { readonly process: boolean } = { process: true }): Metrics {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  const timings = new Map<string, Timing<string>>()
  const tallies = new Map<string, Tally<string>>()
  const known = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make()
  return {
    counter: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      known(name, () => new Counter<L>({ name, help, labelNames: [...labels], registers: [registry] })),
    gauge: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      known(name, () => new Gauge<L>({ name, help, labelNames: [...labels], registers: [registry] })),
    histogram: <L extends string>(name: string, help: string, labels: readonly L[] = [], buckets = LATENCY_SECONDS) =>
      known(
        name,
        () => new Histogram<L>({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] }),
      ),
    tally<L extends string>(name: string, help: string, _labels: readonly L[]) {
      const tally = tallies.get(name) ?? new Tally<string>(registry, { name, help })
      tallies.set(name, tally)
      return tally as Tally<L>
    },
    timing<L extends string>(name: string, help: string, _labels: readonly L[], buckets: readonly number[]) {
      const timing = timings.get(name) ?? new Timing<string>(registry, { name, help, buckets })
      timings.set(name, timing)
      return timing as Timing<L>
    },
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}
