import autocannon from 'autocannon'

export interface Load {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Of the server that answers; see `BenchServer`. */
  readonly processorSeconds?: () => number | undefined
}

export interface Measured {
  /** Requests per second of each round. */
  readonly perSecond: readonly number[]
  readonly median: number
  /** (highest − lowest) ÷ median. */
  readonly spread: number
}

export interface MeasuredLoad extends Measured {
  /** Processor time that the server spends on one request, in microseconds; the median of the rounds. `undefined` where nobody tells. */
  readonly processorMicros: number | undefined
  /** All that were answered, those for warmth among them. */
  readonly requests?: number
}

/** A line of the table. */
export interface Row extends MeasuredLoad {
  readonly entry: string
  readonly server: string
  /** To the bare handler of the same run. */
  readonly ratio: number
  /** The same of the processor time of one request: what a machine that others use, too, disturbs least. */
  readonly processorRatio: number | undefined
}

/** The first load is the bare handler. */
export function rowsOf(entry: string, servers: readonly string[], measured: readonly MeasuredLoad[]): readonly Row[] {
  const [base] = measured
  return measured.map((one, at) => ({
    ...one,
    entry,
    server: servers[at] ?? '',
    ratio: one.median / (base?.median ?? Number.NaN),
    processorRatio:
      base?.processorMicros === undefined || one.processorMicros === undefined
        ? undefined
        : base.processorMicros / one.processorMicros,
  }))
}

/** Enough for what is done with each batch of requests only to be compiled, too. */
const WARM_REQUESTS = 60_000
/** Of a second each. */
const WARM_ROUNDS = 5

interface Round {
  readonly perSecond: number
  readonly requests: number
  readonly processorMicros: number | undefined
}

/** One round of `seconds`; every answer has to be a 200. @throws when one is not */
export async function measureOnce(load: Load, seconds: number, connections: number): Promise<Round> {
  const spent = load.processorSeconds?.()
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
  const now = load.processorSeconds?.()
  const { total } = result.requests
  return {
    perSecond: total / result.duration,
    requests: total,
    processorMicros: spent === undefined || now === undefined ? undefined : ((now - spent) / total) * 1e6,
  }
}

/** Runs the loads in turn, `rounds` times, so that what disturbs the machine disturbs them all alike. */
export async function measureAlternating(
  loads: readonly Load[],
  options: { readonly rounds: number; readonly seconds: number; readonly connections: number },
): Promise<readonly MeasuredLoad[]> {
  const results: Round[][] = loads.map(() => [])
  const warm: number[] = []
  for (const load of loads) warm.push(await warmUp(load, options.connections))
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [index, load] of loads.entries()) {
      results[index]?.push(await measureOnce(load, options.seconds, options.connections))
    }
  }
  return results.map((rounds, index) => {
    const micros = rounds.flatMap(({ processorMicros }) => (processorMicros === undefined ? [] : [processorMicros]))
    return {
      ...summarize(rounds.map(({ perSecond }) => perSecond)),
      processorMicros: micros.length === 0 ? undefined : summarize(micros).median,
      requests: rounds.reduce((sum, { requests }) => sum + requests, warm[index] ?? 0),
    }
  })
}

/** Until the code is compiled, or for as long as a busy machine is given. @returns how many requests it took */
export async function warmUp(load: Load, connections: number): Promise<number> {
  let requests = 0
  for (let round = 0; round < WARM_ROUNDS && requests < WARM_REQUESTS; round += 1) {
    requests += (await measureOnce(load, 1, connections)).requests
  }
  return requests
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
