import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { z } from 'zod'
import { profileDocument } from './document.ts'
import { profileSchema } from './schema.ts'

test('docs/profiles.md is what the schema says', async (t) => {
  const page = readFileSync(new URL('../../../docs/profiles.md', import.meta.url), 'utf8')
  t.equal(page, profileDocument(), 'run: node --import tsx packages/profiles/src/write-document.ts')
})

test('every field of a profile has a row with a meaning', async (t) => {
  const rows = profileDocument()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  for (const row of rows) t.notMatch(row, /\| *\|$/, row)
  for (const key of Object.keys(
    (z.toJSONSchema(profileSchema, { io: 'input' }) as { properties: object }).properties,
  )) {
    t.ok(
      rows.some((row) => new RegExp(`^\\| \`${key}[\`.\\[]`).test(row)),
      key,
    )
  }
})
