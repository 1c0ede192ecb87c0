import { test } from 'tap'
import { printable, printableJson } from './printable.ts'
import { type Column, plainLine, table } from './table.ts'

interface Row {
  readonly id: string
  readonly name?: string
  readonly count: number
}
const columns: readonly Column<Row>[] = [
  { title: 'ID', value: ({ id }) => id, whole: true },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'COUNT', value: ({ count }) => count },
]
const rows: readonly Row[] = [
  { id: '0123456789', name: 'a name that is quite long', count: 7 },
  { id: '1', count: 0 },
]

test('columns are aligned, a missing value is a dash, no line ends in blanks', (t) => {
  t.equal(
    table(columns, rows),
    [
      'ID          NAME                       COUNT',
      '0123456789  a name that is quite long  7',
      '1           -                          0',
    ].join('\n'),
  )
  t.end()
})

test('on a narrow terminal long values are cut, and what will be copied is not', (t) => {
  t.equal(
    table(columns, rows, 30),
    ['ID          NAME         COUNT', '0123456789  a name tha…  7', '1           -            0'].join('\n'),
  )
  const lines = table(columns, rows, 5).split('\n')
  t.ok(lines[1]?.startsWith('0123456789  a nam…'))
  t.end()
})

test('letters that are made of several characters count as one', (t) => {
  const lines = table(columns, [
    { id: 'x', name: 'e\u0301\u{1F469}\u200D\u{1F4BB}'.normalize('NFD').slice(0, 2), count: 1 },
  ])
  t.match(lines, /x {3}e\u0301 {5}1/)
  t.end()
})

test('what a stranger named cannot steer the terminal', (t) => {
  t.equal(printable('a\u001b[2Jb\u009bc\r\nd\u202ee'), 'a\\u001b[2Jb\\u009bc\\u000d\\u000ad\\u202ee')
  t.notMatch(table(columns, [{ id: '\u001b]0;x\u0007', count: 1 }]), /[^\n\P{Cc}]/u)
  t.notMatch(plainLine(columns, { id: 'a\nb', count: 1 }), /\n/)
  t.end()
})

test('JSON is safe to look at and means the same', (t) => {
  const value = { name: 'a\u009b\u202e\u001b\u{E0041} \u00e9', list: [1] }
  const text = printableJson(value)
  t.notMatch(text, /[\u009b\u202e]|[^\n\P{Cc}]/u)
  t.same(JSON.parse(text), value)
  t.end()
})
