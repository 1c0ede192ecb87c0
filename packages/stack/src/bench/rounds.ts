import autocannon from 'autocannon'

export interface Load {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Measured {
  /** Requests per second of each round. */
  readonly perSecond: readonly number[]
  readonly median: number
  /** (highest − lowest) ÷ median. */
  readonly spread: number
}

/** A line of the table. */
export interface Row extends Measured {
  readonly entry: string
  readonly server: string
  /** To the bare handler of the same run. */
  readonly ratio: number
}

/** Requests per second over `seconds`; every answer has to be a 200. @throws when one is not */
export async function measureOnce(load: Load, seconds: number, connections: number): Promise<number> {
  const result = await autocannon({
    url: load.url,
    method: load.method,
    headers: { ...load.headers },
    ...(load.body === undefined ? {} : { body: load.body }),
    connections,
    duration: seconds,
  })
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${load.url}: ${result.non2xx} answers were no success, ${result.errors} connections failed`)
  }
  return result.requests.total / result.duration
}

/** Runs the loads in turn, `rounds` times, so that what disturbs the machine disturbs them all alike. */
export async function measureAlternating(
  loads: readonly Load[],
  options: { readonly rounds: number; readonly seconds: number; readonly connections: number },
): Promise<readonly Measured[]> {
  const results: number[][] = loads.map(() => [])
  for (const load of loads) await measureOnce(load, 1, options.connections)
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [index, load] of loads.entries()) {
      results[index]?.push(await measureOnce(load, options.seconds, options.connections))
    }
  }
  return results.map(summarize)
}

/** Median and spread. @throws without any value */
export function summarize(perSecond: readonly number[]): Measured {
  const sorted = [...perSecond].sort((a, b) => a - b)
  const low = sorted[0]
  const high = sorted.at(-1)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  const upper = sorted[Math.ceil((sorted.length - 1) / 2)]
  if (low === undefined || high === undefined || middle === undefined || upper === undefined) {
    throw new RangeError('no rounds were measured')
  }
  const median = (middle + upper) / 2
  return { perSecond, median, spread: (high - low) / median }
}
