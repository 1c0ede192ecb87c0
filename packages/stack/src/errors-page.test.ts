import { readFileSync, writeFileSync } from 'node:fs'
import { PROBLEMS } from '@gatehouse/audit'
import { PAGE_FAULTS, REFUSALS } from '@gatehouse/auth'
import { CODES, EDGE_REFUSALS } from '@gatehouse/mcp'
import { test } from 'tap'
import { AUDIT_ADVICE, AUTH_ADVICE, CODE_ADVICE, EDGE_ADVICE, errorsPage } from './errors-page.ts'

const file = new URL('../../../docs/errors.md', import.meta.url)

test('the page of refusals is the one that the tables make; `UPDATE=1` writes it', async (t) => {
  const expected = errorsPage()
  if (process.env.UPDATE === '1') writeFileSync(file, expected)
  t.equal(readFileSync(file, 'utf8'), expected)
})

for (const [name, table, advice] of [
  ['auth', REFUSALS, AUTH_ADVICE],
  ['mcp', EDGE_REFUSALS, EDGE_ADVICE],
  ['mcp, JSON-RPC codes', CODES, CODE_ADVICE],
  ['audit', PROBLEMS, AUDIT_ADVICE],
] as const) {
  test(`every refusal says what to do, and no advice is for one that is gone: ${name}`, async (t) => {
    t.same(Object.keys(advice).sort(), Object.keys(table).sort())
  })
}

test('every reason of the code has its row in the page, and every row its reason', async (t) => {
  const inPage = [...readFileSync(file, 'utf8').matchAll(/^\| `?([^`|]+?)`? \| /gm)].map(([, first]) => first)
  const inCode = [REFUSALS, PAGE_FAULTS, EDGE_REFUSALS, PROBLEMS].flatMap((table) => Object.keys(table))
  const headings = ['reason', '---', '--:', 'code']
  t.same(
    inPage.filter((name) => name !== undefined && !headings.includes(name)).sort(),
    [...inCode, ...Object.values(CODES).map(String)].sort(),
  )
})
