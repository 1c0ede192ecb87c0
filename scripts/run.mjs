// Runs one of the repository's commands on a machine that has only Node and npm: `node scripts/run.mjs <command> [arguments]`.
// What a fresh clone lacks is installed first. Plain JavaScript, so that any Node can at least read it and say what is wrong.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const MAINS = {
  start: 'packages/stack/src/start.ts',
  cluster: 'packages/stack/src/cluster.ts',
  conformance: 'packages/stack/src/conformance.ts',
  bench: 'packages/stack/src/bench.ts',
  proof: 'packages/stack/src/proof.ts',
  test: 'packages/testkit/src/run/main.ts',
  gatehouse: 'packages/cli/src/main.ts',
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const [command = '', ...args] = process.argv.slice(2)
if (!Object.hasOwn(MAINS, command)) fail(`usage: node scripts/run.mjs <${Object.keys(MAINS).join('|')}> [arguments]`)

const floor = manifest.engines.node.replace('>=', '')
if (isOlder(process.versions.node, floor)) {
  fail(`Gatehouse needs Node ${floor} or newer; this is ${process.versions.node} (${process.execPath})`)
}

const { ensureInstalled } = await import('./install.mjs')
try {
  await ensureInstalled(root, manifest.packageManager)
} catch (error) {
  fail(error.message)
}

const { endWithNpm, guardSignals } = await import('./signals.mjs')
guardSignals()
endWithNpm()

// In this very process, so that a signal or a kill of the command always reaches what it runs.
const { createRequire } = await import('node:module')
const main = join(root, MAINS[command])
process.argv = [process.argv[0], main, ...args]
await import(pathToFileURL(createRequire(main).resolve('tsx')).href)
await import(pathToFileURL(main).href)

function isOlder(version, floorVersion) {
  const [major, minor = 0] = version.split('.').map(Number)
  const [floorMajor, floorMinor = 0] = floorVersion.split('.').map(Number)
  return major < floorMajor || (major === floorMajor && minor < floorMinor)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
