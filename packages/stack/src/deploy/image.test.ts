import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const stack = fileURLToPath(new URL('../..', import.meta.url))
const { dependencies } = JSON.parse(readFileSync(join(stack, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

/** What of the stack runs in a container; the services are held to their dependencies by the rules of imports. */
const ENTRIES = ['src/migrate.ts', 'src/first-secrets.ts', 'src/start.ts']

test('what of the stack an image runs needs nothing but its dependencies', async (t) => {
  const seen = new Set<string>()
  const missing: string[] = []
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import|import\()\s*'([^']+)'/g)) {
      if (specifier.startsWith('.')) visit(join(dirname(file), specifier))
      else if (!isBuiltin(specifier)) {
        const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
        if (dependencies[name] === undefined) missing.push(`${file} needs ${name}`)
      }
    }
  }
  for (const entry of ENTRIES) visit(join(stack, entry))
  t.ok(seen.size > 8)
  t.same(missing, [])
})
