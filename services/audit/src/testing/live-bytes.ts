import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** For tests: what this process holds, on the heap and in buffers, without what only waits to be collected. */
export function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
