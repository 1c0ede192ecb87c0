import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'

const run = promisify(execFile)

/** What a process of its own says of `String.prototype` once it has loaded a module. */
async function afterLoading(module: string): Promise<string> {
  const script = `await import(${JSON.stringify(module)}); console.log(new Function('o', 'return %HasFastProperties(o)')(String.prototype))`
  const args = ['--allow-natives-syntax', '--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout } = await run(process.execPath, args, { cwd: fileURLToPath(new URL('.', import.meta.url)) })
  return stdout.trim()
}

test('methods of strings are as quick with this package as without', async (t) => {
  t.equal(await afterLoading('node:fs'), 'true', 'in a process that has loaded nothing')
  t.equal(await afterLoading(new URL('./index.ts', import.meta.url).href), 'true')
})
