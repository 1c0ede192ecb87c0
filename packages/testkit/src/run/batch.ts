import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

// Loads test files one after the other into this process; tap runs what they declare in that order.
for (const file of process.argv.slice(2)) {
  const before = t.queue.length + t.counts.total
  await import(pathToFileURL(resolve(file)).href)
  if (t.queue.length + t.counts.total === before) t.fail(`${file} declares no test`)
}
