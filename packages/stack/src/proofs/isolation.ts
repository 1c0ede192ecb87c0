import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { NODE_ARGS } from '../cluster/process.ts'
import { PROFILES } from '../isolation/profiles.ts'
import type { Proof, ProofContext } from './proof.ts'

const PROBES = 1_000_000
const TEST = fileURLToPath(new URL('../isolation/isolation.integration.test.ts', import.meta.url))

/** The property test of isolation, longer than every test run can be: each profile in a process, as many at once as there are cores. */
export const isolation: Proof = {
  name: 'isolation',
  claim: `of ${PROBES} probes for things of another tenant, four fifths of them at things that exist, none is answered with a canary and no row is another`,
  async run(context) {
    const waiting = [...PROFILES]
    const work = async (): Promise<void> => {
      for (let profile = waiting.shift(); profile !== undefined; profile = waiting.shift()) await of(profile, context)
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
    return { probes: PROBES, profiles: PROFILES.join(', ') }
  },
}

async function of(profile: string, { surroundings, say }: ProofContext): Promise<void> {
  const child = spawn(process.execPath, [...NODE_ARGS, TEST], {
    env: {
      ...surroundings,
      GATEHOUSE_PROBES: String(PROBES),
      GATEHOUSE_PROBED_PROFILE: profile,
      TAP_TIMEOUT: '28800',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const line of text.split('\n')) {
        if (/^ *(?:not )?ok \d+ - |^ *# (?:seed|\{|\d)/.test(line)) say(`${profile}: ${line.trim()}`)
      }
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(output.slice(-4_000))
}
