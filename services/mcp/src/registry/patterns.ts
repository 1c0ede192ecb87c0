import { createContext, Script } from 'node:vm'

/** What a pattern may take for all that it is tried on. What is linear takes milliseconds, on any machine. */
const WITHIN_MS = 1_000
/** So long that what is quadratic takes minutes, and so short that what is exponential takes no memory to show itself. */
const LONG = 100_000
const SHORT = 48
/** Characters of every kind that classes of characters tell apart, beside those of the pattern itself. */
const OTHERS = ['a', 'Z', '0', ' ', '-', '_', '.', '@', 'ä', '\n']
/** At the end of a text: what no sensible pattern takes, so that all ways to match are tried. */
const END = '\u0001'
const TRY = new Script('for (const text of texts) pattern.test(text)')
const known = new Map<string, boolean>()

/**
 * Whether a regular expression takes more than linear time on some text that a client may send: it is tried on texts that are made to be
 * hard for it, with a limit of time. For the start alone.
 */
export function isSlow(source: string): boolean {
  const seen = known.get(source)
  if (seen !== undefined) return seen
  const slow = takesTooLong(source)
  known.set(source, slow)
  return slow
}

function takesTooLong(source: string): boolean {
  const letters = [...new Set([...OTHERS, ...source.replaceAll(/[^\p{L}\p{N}_./@ -]/gu, '')])].slice(0, 40)
  const pairs = letters.flatMap((first) => letters.map((second) => `${first}${second}`))
  const texts = [
    ...[...letters, ...pairs].map((pump) => pump.repeat(SHORT) + END),
    ...letters.map((pump) => pump.repeat(LONG) + END),
  ]
  try {
    TRY.runInContext(createContext({ pattern: compiled(source), texts }), { timeout: WITHIN_MS })
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return true
    throw error
  }
}

/** JSON Schema means the Unicode flag; a pattern that was written without it may not be one with it. */
function compiled(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch {
    return new RegExp(source)
  }
}
