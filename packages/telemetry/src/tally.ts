import type { Counter, Registry } from 'prom-client'

/** Counts one. */
export type Count = () => void

/**
 * A counter for what happens with every request. prom-client hashes the labels of each increment; here those of a series are looked up once by
 * whoever counts, and counting is one addition.
 */
export class Tally<L extends string> {
  readonly #series = new Map<string, { readonly labels: Readonly<Record<L, string>>; value: number }>()

  constructor(registry: Registry, { name, help }: { readonly name: string; readonly help: string }) {
    const about = { name, help, type: 'counter', aggregator: 'sum' }
    const metric = {
      ...about,
      get: async () => ({ ...about, values: [...this.#series.values()].map((each) => ({ ...each })) }),
      reset: () => this.#series.clear(),
    }
    // What a registry needs of a metric; its type names the classes of prom-client alone.
    registry.registerMetric(metric as unknown as Counter)
  }

  of(labels: Readonly<Record<L, string>>): Count {
    const key = JSON.stringify(labels)
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { labels, value: 0 }
      this.#series.set(key, series)
    }
    const own = series
    return () => {
      own.value += 1
    }
  }
}
