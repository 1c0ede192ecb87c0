import { proveHistories } from './prove.ts'

// The histories without a test around them, whose hooks on every promise a long run would pay for.
const rule = process.env.GATEHOUSE_RETRY_SECONDS ?? '0'
const releases: (() => unknown)[] = []
try {
  await proveHistories({ teardown: (release) => releases.unshift(release) }, Number(rule), (line) =>
    console.log(`# ${line}, retry window of ${rule} s`),
  )
} finally {
  for (const release of releases) await release()
}
