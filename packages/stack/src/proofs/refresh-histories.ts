import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Proof, ProofContext } from './proof.ts'

const HISTORIES = 100_000
const TESTS = ['window', 'strict'].map((rule) =>
  fileURLToPath(new URL(`../../../../services/auth/src/token/histories-${rule}.integration.test.ts`, import.meta.url)),
)

/** The property test of refresh families, longer than every test run can be. */
export const refreshHistories: Proof = {
  name: 'refresh-histories',
  claim: `of ${HISTORIES} random histories of a refresh family, half of them under each rule, none has two living successors, a living token after death, or a locked out client`,
  async run({ surroundings, say }) {
    for (const test of TESTS) await live(test, surroundings, say)
    return { histories: HISTORIES }
  },
}

/** @throws with the end of the test's output when it fails */
async function live(test: string, surroundings: ProofContext['surroundings'], say: ProofContext['say']): Promise<void> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child = spawn(process.execPath, ['--import', loader, test], {
    env: { ...surroundings, GATEHOUSE_HISTORIES: String(HISTORIES), TAP_TIMEOUT: '7200' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const line of text.split('\n')) if (/^(?:not )?ok /.test(line)) say(line)
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(output.slice(-4_000))
}
