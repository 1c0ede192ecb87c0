import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { NODE_ARGS } from '../cluster/process.ts'
import type { Proof } from './proof.ts'

const PROBES = 1_000_000
const TEST = fileURLToPath(new URL('../isolation/isolation.integration.test.ts', import.meta.url))

/** The property test of isolation, longer than every test run can be. */
export const isolation: Proof = {
  name: 'isolation',
  claim: `of ${PROBES} probes for things of another tenant, four fifths of them at things that exist, none is answered with a canary and no row is another`,
  async run({ surroundings, say }) {
    const child = spawn(process.execPath, [...NODE_ARGS, TEST], {
      env: { ...surroundings, GATEHOUSE_PROBES: String(PROBES), TAP_TIMEOUT: '14400' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        for (const line of text.split('\n')) if (/^ *(?:not )?ok \d+ - |^ *# (?:seed|\{)/.test(line)) say(line.trim())
      })
    }
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(output.slice(-4_000))
    return { probes: PROBES }
  },
}
