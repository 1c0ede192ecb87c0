import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import type { ZodType } from 'zod'
import { PROCESSES, withConfiguration } from './operations-page.ts'

const file = new URL('../../../docs/operations.md', import.meta.url)

test('the tables of variables are those that the schemas make; `UPDATE=1` writes them', async (t) => {
  const page = readFileSync(file, 'utf8')
  const expected = withConfiguration(page)
  if (process.env.UPDATE === '1') writeFileSync(file, expected)
  t.equal(readFileSync(file, 'utf8'), expected)
})

test('every variable of every process says what it means', async (t) => {
  for (const { title, config } of PROCESSES) {
    for (const [name, field] of Object.entries(config.shape)) t.ok((field as ZodType).description, `${title}: ${name}`)
  }
})
