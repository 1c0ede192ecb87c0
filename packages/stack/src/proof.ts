import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROOFS } from './proofs/all.ts'
import { proofsPage } from './proofs/page.ts'
import { keep, type Result, readResults } from './proofs/results.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const given = process.argv.slice(2)
const docs = given.includes('--docs')
const wanted = given.filter((word) => word !== '--docs')
if (wanted.includes('--help') || wanted.includes('-h')) {
  console.log('usage: npm run proof [name …] [-- --docs]\n')
  console.log('Without a name all of them, one after the other. --docs writes docs/proofs.md from what')
  console.log('they came to last, and without a name runs none. There are:')
  for (const { name, claim } of PROOFS) console.log(`  ${name}  ${claim}`)
  process.exit(0)
}
const unknown = wanted.filter((name) => !PROOFS.some((proof) => proof.name === name))
if (unknown.length > 0) {
  console.error(`No proof is named ${unknown.join(', ')}. There are:`)
  for (const { name, claim } of PROOFS) console.error(`  ${name}  ${claim}`)
  process.exit(2)
}

const results = join(root, 'proof-results')
mkdirSync(results, { recursive: true })
let failed = 0
for (const proof of PROOFS.filter(({ name }) => (wanted.length === 0 && !docs) || wanted.includes(name))) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-proof-'))
  chmodSync(folder, 0o711)
  console.log(`\n${proof.name}: ${proof.claim}`)
  const began = performance.now()
  const outcome = await proof.run({ surroundings: process.env, folder, say: (line) => console.log(`  ${line}`) }).then(
    (counted) => ({ holds: true, counted }),
    (error: unknown) => ({ holds: false, counted: { error: error instanceof Error ? error.message : String(error) } }),
  )
  rmSync(folder, { recursive: true, force: true })
  if (!outcome.holds) failed += 1
  const seconds = Math.round((performance.now() - began) / 100) / 10
  console.log(`  ${outcome.holds ? 'holds' : 'DOES NOT HOLD'} after ${seconds} s: ${JSON.stringify(outcome.counted)}`)
  const finished = new Date().toISOString()
  const where = { commit: commit(), machine: machine() }
  const record: Result = { proof: proof.name, claim: proof.claim, ...outcome, seconds, finished, ...where }
  writeFileSync(join(results, `${proof.name}.json`), `${JSON.stringify(record, null, 2)}\n`)
}
if (docs) {
  const kept = join(root, 'packages/stack/src/proofs/results.json')
  const known = keep([...(JSON.parse(readFileSync(kept, 'utf8')) as Result[]), ...readResults(results)])
  writeFileSync(kept, `${JSON.stringify(known, null, 2)}\n`)
  writeFileSync(join(root, 'docs/proofs.md'), proofsPage(PROOFS, known))
}
process.exitCode = failed === 0 ? 0 : 1

function commit(): string {
  try {
    const dirty =
      execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }) === '' ? '' : '+changes'
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim() + dirty
  } catch {
    return 'unknown'
  }
}

function machine(): Readonly<Record<string, string | number>> {
  const gib = Math.round(totalmem() / 2 ** 30)
  // Of the last quarter of an hour: who else was at work.
  const load = Math.round(loadavg()[2] ?? 0)
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: gib, node: process.version, load }
}
