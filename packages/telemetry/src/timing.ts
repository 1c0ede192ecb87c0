import type { Histogram, Registry } from 'prom-client'

/** Told of each time, in seconds. */
export type Observe = (seconds: number) => void

/**
 * A histogram for what happens with every request. prom-client hashes the labels of each observation; here those of a series are looked up once
 * by whoever observes, an observation is two additions, and what was added up is put into words when it is asked for.
 */
export class Timing<L extends string> {
  readonly #name: string
  readonly #buckets: readonly number[]
  readonly #series = new Map<
    string,
    { readonly labels: Readonly<Record<L, string>>; readonly counts: number[]; sum: number }
  >()

  constructor(
    registry: Registry,
    of: { readonly name: string; readonly help: string; readonly buckets: readonly number[] },
  ) {
    const { name, help, buckets } = of
    this.#name = name
    this.#buckets = buckets
    const about = { name, help, type: 'histogram', aggregator: 'sum' }
    const metric = {
      ...about,
      get: async () => ({ ...about, values: [...this.#values()] }),
      reset: () => this.#series.clear(),
    }
    // What a registry needs of a metric; its type names the classes of prom-client alone.
    registry.registerMetric(metric as unknown as Histogram)
  }

  of(labels: Readonly<Record<L, string>>): Observe {
    const key = JSON.stringify(labels)
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { labels, counts: [...this.#buckets, Number.POSITIVE_INFINITY].map(() => 0), sum: 0 }
      this.#series.set(key, series)
    }
    const own = series
    const { counts } = own
    const buckets = this.#buckets
    return (seconds) => {
      let at = 0
      while (at < buckets.length && seconds > (buckets[at] as number)) at += 1
      counts[at] = (counts[at] as number) + 1
      own.sum += seconds
    }
  }

  /** Buckets of the exposition format count all that is not above them. */
  *#values(): Generator<{ metricName: string; labels: Record<string, string | number>; value: number }> {
    for (const { labels, counts, sum } of this.#series.values()) {
      let count = 0
      for (const [at, own] of counts.entries()) {
        count += own
        yield {
          metricName: `${this.#name}_bucket`,
          labels: { le: this.#buckets[at] ?? '+Inf', ...labels },
          value: count,
        }
      }
      yield { metricName: `${this.#name}_sum`, labels: { ...labels }, value: sum }
      yield { metricName: `${this.#name}_count`, labels: { ...labels }, value: count }
    }
  }
}
