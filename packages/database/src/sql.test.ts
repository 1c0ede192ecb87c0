import { test } from 'tap'
import { ident, join, quoteIdentifier, sql } from './sql.ts'

const plain = ({ text, values }: { text: string; values: readonly unknown[] }) => ({ text, values: [...values] })

test('values never become text, and nested fragments are numbered through', (t) => {
  const where = sql`tenant = ${'a'} and ${sql`id = ${1}`}`
  const statement = sql`select * from ${ident('s.t')} where ${where} limit ${5}`
  t.strictSame(plain(statement), {
    text: 'select * from "s"."t" where tenant = $1 and id = $2 limit $3',
    values: ['a', 1, 5],
  })
  t.strictSame(plain(sql`${"'; drop"}`), { text: '$1', values: ["'; drop"] })
  t.end()
})

test('join puts a separator between fragments, and nothing around none', (t) => {
  t.strictSame(plain(sql`in (${join([sql`${1}`, sql`${2}`], ', ')})`), { text: 'in ($1, $2)', values: [1, 2] })
  t.strictSame(plain(sql`(${join([], ', ')})`), { text: '()', values: [] })
  t.end()
})

test('what looks like a fragment but was not made by the tag is a value', (t) => {
  const forged = { text: '1; drop table x', values: [], strings: ['1; drop table x'] }
  t.strictSame(plain(sql`select ${forged}`), { text: 'select $1', values: [forged] })
  t.end()
})

test('names are quoted, and empty ones refused', (t) => {
  t.equal(quoteIdentifier('a"b'), '"a""b"')
  for (const bad of ['', '.', 'a.', 'a\0']) t.throws(() => quoteIdentifier(bad), TypeError)
  t.end()
})
