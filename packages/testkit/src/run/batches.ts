import { needsRealParts } from './options.ts'

/** Files that measure memory or time, take locks by process, or open servers when they are loaded: each alone. */
const ALONE = [
  'packages/bus/',
  'packages/database/',
  'packages/kv/',
  'packages/stack/src/scenarios/',
  'services/mcp/src/calls/calls.test.ts',
  'services/mcp/src/edge/edge.test.ts',
  'services/mcp/src/edge/limit.test.ts',
  'services/mcp/src/protocol/hostile',
  'services/mcp/src/protocol/methods.test.ts',
  'services/mcp/src/streams/leavers.test.ts',
  'services/mcp/src/streams/listen.test.ts',
]

/** Files that drive a browser, which takes both cores: one after the other, or its own deadlines pass unmet. */
const BROWSER = /\/(browser|callbacks|consent)\.integration\.test\.ts$/

export interface Batch {
  readonly name: string
  readonly files: readonly string[]
}

/**
 * What runs in one process: starting Node, the loader and tap costs near a second of a core for each. Files with real parts and
 * those of `ALONE` have a process of their own; the others share one with the rest of their room.
 * @param files relative to the root, in the order in which they shall begin
 */
export function batchesOf(files: readonly string[]): readonly Batch[] {
  const batches = new Map<string, string[]>()
  for (const file of files) {
    const name = batchOf(file)
    batches.set(name, [...(batches.get(name) ?? []), file])
  }
  return [...batches].map(([name, files]) => ({ name, files }))
}

function batchOf(file: string): string {
  if (BROWSER.test(file)) return 'in a browser'
  const alone = needsRealParts(file) || ALONE.some((place) => file.startsWith(place))
  return alone ? file : file.slice(0, file.indexOf('/src/'))
}
