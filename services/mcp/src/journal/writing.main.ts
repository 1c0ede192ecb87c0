// For tests: appends to a journal for as long as it lives, several at once, and says which records are safe.
import { systemClock } from '@gatehouse/contracts'
import { silentLogger } from '@gatehouse/telemetry'
import { openJournal } from './journal.ts'

const [folder = '', prefix = ''] = process.argv.slice(2)
const journal = await openJournal({
  folder,
  clock: systemClock,
  log: silentLogger,
  maxBytes: 1e9,
  segmentBytes: 4_096,
})
let count = 0
const writer = async (): Promise<void> => {
  for (;;) {
    count += 1
    const record = `${prefix}-${count}`
    await journal.append(record)
    // Not `writeSync`: it fails where the reader is slower than what is said.
    await new Promise((resolve) => process.stdout.write(`${record}\n`, resolve))
  }
}
await Promise.all(Array.from({ length: 16 }, writer))
