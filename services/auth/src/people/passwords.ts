import { availableParallelism } from 'node:os'
import { type Algorithm, hash, type Options, verify } from '@node-rs/argon2'
import { Refusal } from '../errors.ts'

/** Argon2id; not by its name, since a `const enum` cannot be imported file by file. */
const ARGON2ID = 2 as Algorithm.Argon2id
/** OWASP's advice (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
const COST: Options = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export interface Passwords {
  hash(password: string): Promise<string>
  /** Takes as long for an account that does not exist (`undefined`) as for one that does. @throws Refusal when too many wait */
  verify(stored: string | undefined, password: string): Promise<boolean>
  /** Whether a stored hash was made at today's cost; one that was not is made anew when its password is there. */
  isCurrent(stored: string): boolean
}

/** The same as it stands at the front of a hash in PHC form. */
const COST_IN_PHC = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$`

const RETRY_SECONDS = 2

/** Half of the cores, and no more than half of the four threads that all of Node's own work shares, token signatures included. */
const CONCURRENT = Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)))

/**
 * At most `concurrent` hashes at a time, so that a rush of sign-ins leaves threads and cores to the issue of tokens; at most
 * `waiting` more in line, about two seconds' worth.
 */
export function createPasswords(limits: { readonly concurrent?: number; readonly waiting?: number } = {}): Passwords {
  const { concurrent = CONCURRENT, waiting = 64 } = limits
  const line: (() => void)[] = []
  let running = 0
  let nobody: Promise<string> | undefined

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= concurrent) {
      if (line.length >= waiting) throw new Refusal('unavailable', { retryAfterSeconds: RETRY_SECONDS })
      await new Promise<void>((resolve) => line.push(resolve))
    } else running += 1
    try {
      return await work()
    } finally {
      const next = line.shift()
      // The place is handed over, so the count stays.
      if (next) next()
      else running -= 1
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, COST)),
    async verify(stored, password) {
      nobody ??= hash('nobody has this password', COST)
      const against = stored ?? (await nobody)
      const matches = await inTurn(() => verify(against, password))
      return matches && stored !== undefined
    },
    isCurrent: (stored) => stored.startsWith(COST_IN_PHC),
  }
}
