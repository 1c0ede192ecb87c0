import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { auditExactlyOnce } from './proofs/audit-exactly-once.ts'
import { auditMillion } from './proofs/audit-million.ts'
import { complianceMillion } from './proofs/compliance-million.ts'
import { cutOff } from './proofs/cut-off.ts'
import { isolation } from './proofs/isolation.ts'
import { nodeDeaths } from './proofs/node-deaths.ts'
import { orgdesignMillion } from './proofs/orgdesign-million.ts'
import { partsAway } from './proofs/parts-away.ts'
import type { Proof } from './proofs/proof.ts'
import { refreshHistories } from './proofs/refresh-histories.ts'
import { rollingRestart } from './proofs/rolling-restart.ts'
import { sustainabilityMillion } from './proofs/sustainability-million.ts'
import { tokensBesideSignIns } from './proofs/tokens-beside-sign-ins.ts'
import { trackerMillion } from './proofs/tracker-million.ts'

const PROOFS: readonly Proof[] = [
  auditExactlyOnce,
  auditMillion,
  complianceMillion,
  isolation,
  orgdesignMillion,
  refreshHistories,
  sustainabilityMillion,
  tokensBesideSignIns,
  trackerMillion,
  nodeDeaths,
  rollingRestart,
  partsAway,
  cutOff,
]

const root = fileURLToPath(new URL('../../..', import.meta.url))
const wanted = process.argv.slice(2)
if (wanted.includes('--help') || wanted.includes('-h')) {
  console.log('usage: npm run proof [name …]\n\nWithout a name all of them, one after the other. There are:')
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
for (const proof of PROOFS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
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
  const record = { proof: proof.name, claim: proof.claim, ...outcome, seconds, commit: commit(), machine: machine() }
  writeFileSync(join(results, `${proof.name}.json`), `${JSON.stringify(record, null, 2)}\n`)
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
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: gib, node: process.version }
}
