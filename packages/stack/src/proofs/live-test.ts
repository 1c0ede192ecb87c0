import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ProofContext } from './proof.ts'

/**
 * Runs a test file at the size of a proof. What it says is how its tests ended, and comments that begin with a number.
 * @param test its place from the root of the repository @param size variables that say how large
 * @throws with the end of the test's output when it fails
 */
export async function liveTest(
  test: string,
  size: Readonly<Record<string, string>>,
  { surroundings, say }: ProofContext,
): Promise<void> {
  const file = fileURLToPath(new URL(`../../../../${test}`, import.meta.url))
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child = spawn(process.execPath, ['--import', loader, file], {
    env: { ...surroundings, ...size, TAP_TIMEOUT: '7200' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const line of text.split('\n')) if (/^(?:not )?ok |^ *# \d/.test(line)) say(line.trim())
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(output.slice(-4_000))
}
