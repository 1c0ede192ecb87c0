import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

// Loads test files one after the other into this process; tap runs what they declare in that order. What is queued or counted at a
// moment cannot tell whether a file declared something: tests of the file before begin and end in the meantime.
let declared = 0
t.on('subtestAdd', () => {
  declared += 1
})
for (const file of process.argv.slice(2)) {
  // A file that opens a database first may take longer to load than the tests before it run: without a test that waits for it, the whole
  // would be over by then.
  let loaded: () => void = () => undefined
  const loading = new Promise<void>((done) => {
    loaded = done
  })
  t.test(`${file} is loaded`, () => loading)
  const before = declared
  await import(pathToFileURL(resolve(file)).href).finally(loaded)
  if (declared === before) t.fail(`${file} declares no test`)
}
