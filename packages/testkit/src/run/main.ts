import { join } from 'node:path'
import { runTests } from './run.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())

try {
  const root = join(import.meta.dirname, '../../../..')
  process.exitCode = (await runTests(process.argv.slice(2), root, interruption.signal)) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
