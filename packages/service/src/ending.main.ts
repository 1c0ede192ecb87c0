import { createLogger } from '@gatehouse/telemetry'
import { type Closeable, runService } from './run.ts'

// Beside a test: a service that ends in the way that it is told.
const [how = ''] = process.argv.slice(2)

const parts: Readonly<Record<string, Closeable>> = {
  'leaves something behind': {
    async close() {
      throw new Error('left behind: audit events that were not recorded')
    },
  },
  'closes for ever': { close: () => new Promise(() => undefined) },
}

await runService(
  createLogger('ending'),
  async (closing) => {
    closing({ close: () => process.stdout.write('closed what was opened first\n') })
    if (how === 'cannot start') throw new Error('the port is taken')
    const part = parts[how]
    if (part !== undefined) closing(part)
    closing({ close: () => process.stdout.write('closed what was opened last\n') })
    // Something has to be there for which it runs.
    setInterval(() => undefined, 60_000)
    if (how === 'throws') {
      setImmediate(() => {
        throw new Error('nobody catches this')
      })
    }
    if (how === 'rejects') void Promise.reject(new Error('nobody waits for this'))
    process.stdout.write('running\n')
  },
  { closeWithinMs: how === 'closes for ever' ? 100 : 30_000 },
)
