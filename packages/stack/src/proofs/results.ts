import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What one run of a proof came to. */
export interface Result {
  readonly proof: string
  /** As it was when it ran; a claim that has changed since is not proven by it. */
  readonly claim: string
  readonly holds: boolean
  readonly counted: Readonly<Record<string, number | string>>
  readonly seconds: number
  /** ISO 8601. */
  readonly finished: string
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
}

/** Plans of queries and the like stay with whoever ran it. */
const MOST_CHARACTERS = 40
/** What went wrong is told at more length. */
const MOST_OF_ERROR = 600

/** All that a folder holds. A result from before they had dates is dated by its file. */
export function readResults(folder: string): Result[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const file = join(folder, name)
      const finished = statSync(file).mtime.toISOString()
      return { finished, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<Result, 'finished'>) }
    })
}

/** The newest of each proof, made small enough to be kept with the sources. */
export function keep(results: readonly Result[]): Result[] {
  const newest = new Map<string, Result>()
  for (const result of results) {
    const known = newest.get(result.proof)
    if (known === undefined || known.finished < result.finished) newest.set(result.proof, result)
  }
  return [...newest.values()].map(small).sort((one, other) => (one.proof < other.proof ? -1 : 1))
}

function small(result: Result): Result {
  const counted = Object.entries(result.counted).flatMap(([name, value]) => {
    if (name === 'error') return [[name, String(value).slice(0, MOST_OF_ERROR)] as const]
    return typeof value === 'string' && value.length > MOST_CHARACTERS ? [] : [[name, value] as const]
  })
  const { proof, claim, holds, seconds, finished, commit, machine } = result
  return { proof, claim, holds, counted: Object.fromEntries(counted), seconds, finished, commit, machine }
}
