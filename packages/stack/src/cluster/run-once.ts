import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inherited, NODE_ARGS, type Surroundings } from './process.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Runs a script to its end. @throws with what it printed when it fails */
export function runOnce(script: string, env: Readonly<Record<string, string>>, from: Surroundings): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: { ...inherited(from), ...env }, maxBuffer: 16 * 1024 * 1024 }
    execFile(process.execPath, [...NODE_ARGS, join(root, script)], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${script} failed:\n${stdout}${stderr}`, { cause: error }))
    })
  })
}
