import { ToolFailure } from '@gatehouse/catalog'
import { test } from 'tap'
import { judgeRow, type Known } from './judge-row.ts'
import { parseCsv, ROWS_MAX } from './parse-csv.ts'

const HEADER = 'date,site,quantity,unit,factor,description'
const live = new AbortController().signal
const parsed = (csv: string, delimiter = ',') => parseCsv(csv, delimiter, live)

const GOOD: readonly [string, string, string?][] = [
  ['plain', `${HEADER}\n2026-01-31,hq,5,kWh,grid,Bill`],
  ['with a byte order mark and CRLF', `\ufeff${HEADER}\r\n2026-01-31,hq,5,kWh,grid,Bill\r\n`],
  ['with empty lines', `\n${HEADER}\n\n2026-01-31,hq,5,kWh,grid,Bill\n\n`],
  ['quoted', `${HEADER}\n"2026-01-31","hq","5","kWh","grid","Bill"`],
  ['semicolons', `${HEADER}\n2026-01-31,hq,5,kWh,grid,Bill`.replaceAll(',', ';'), ';'],
  ['tabs', `${HEADER}\n2026-01-31,hq,5,kWh,grid,Bill`.replaceAll(',', '\t'), '\t'],
  [
    'columns in another order, header in capitals',
    'UNIT,Factor,date,site,description,quantity\nkWh,grid,2026-01-31,hq,Bill,5',
  ],
  ['with spaces around', `${HEADER}\n 2026-01-31 , hq , 5 , kWh , grid , Bill `],
]

for (const [that, csv, delimiter] of GOOD) {
  test(`a file is read: ${that}`, async (t) => {
    const [row, ...rest] = await parsed(csv, delimiter)
    t.same(rest, [])
    t.same(row?.fields, {
      date: '2026-01-31',
      site: 'hq',
      quantity: '5',
      unit: 'kWh',
      factor: 'grid',
      description: 'Bill',
    })
    t.equal(row?.tooLong, false)
  })
}

test('a field may hold delimiters, quotes and line breaks; lines are counted as in the file', async (t) => {
  const rows = await parsed(`${HEADER}\na,b,1,kWh,grid,"one, ""two""\nthree"\nc,d,2,kWh,grid,x`)
  t.equal(rows[0]?.fields.description, 'one, "two"\nthree')
  t.equal(rows[1]?.line, 4)
})

for (const [that, csv, message] of [
  ['nothing', '', /empty/],
  ['a header alone', HEADER, /no rows/],
  ['no header', '2026-01-31,hq,5,kWh,grid,Bill\n', /not known/],
  ['a column that is missing', 'date,site,quantity,unit\n2026-01-31,hq,5,kWh', /lacks: factor/],
  ['a column twice', `${HEADER},date\n`, /twice: date/],
  ['a column too many', `${HEADER},price\n1,2,3,4,5,6,7`, /not known \(1\)/],
  ['a quote that is not closed', `${HEADER}\n"2026-01-31,hq,5`, /Line \d+ is no CSV: a quote is not closed/],
  ['text after a quote', `${HEADER}\n"a"b,hq,5,kWh,grid,x`, /Line 2 is no CSV/],
  ['the wrong delimiter', `${HEADER.replaceAll(',', ';')}\na;b`, /not known/],
  ['a row without end', `${HEADER}\n"${'x'.repeat(100_000)}`, /too long/],
  ['too many rows', `${HEADER}\n${'a,b,1,kWh,grid,x\n'.repeat(ROWS_MAX + 1)}`, /more than 10000 rows/],
] as const) {
  test(`a text that is no table is refused: ${that}`, async (t) => {
    await t.rejects(parsed(csv), { constructor: ToolFailure, code: 'csv_malformed', message })
  })
}

test('as many rows as are allowed are read', async (t) => {
  t.equal((await parsed(`${HEADER}\n${'a,b,1,kWh,grid,x\n'.repeat(ROWS_MAX)}`)).length, ROWS_MAX)
})

test('a call that was given up ends', async (t) => {
  const gone = AbortSignal.abort(new Error('the client is gone'))
  await t.rejects(parseCsv(`${HEADER}\na,b,1,kWh,grid,x`, ',', gone), /the client is gone/)
})

const KNOWN: Known = {
  sites: new Map([
    ['hq', { id: 'sit_hq', active: true }],
    ['old', { id: 'sit_old', active: false }],
  ]),
  factors: new Map([['grid', { id: 'fac_grid', unit: 'kWh', units: new Set(['kWh', 'MWh']) }]]),
}
const FIELDS = { date: '2026-01-31', site: 'hq', quantity: '12.5', unit: 'MWh', factor: 'grid', description: 'Bill' }
const judge = (change: object, tooLong = false) =>
  judgeRow({ line: 7, fields: { ...FIELDS, ...change }, tooLong }, KNOWN, '2026-03-02')

test('a row that is right becomes what is recorded', async (t) => {
  t.same(judge({}), {
    line: 7,
    site_id: 'sit_hq',
    occurred_on: '2026-01-31',
    quantity: '12.5',
    unit: 'MWh',
    factor_id: 'fac_grid',
    description: 'Bill',
  })
  t.match(judge({ description: undefined }), { description: '' })
  t.match(judge({ date: '2026-03-02' }), { occurred_on: '2026-03-02' })
})

for (const [column, change] of [
  ['date', { date: '2026-02-30' }],
  ['date', { date: '31.01.2026' }],
  ['date', { date: '' }],
  ['date', { date: '2026-03-03' }],
  ['site', { site: 'nowhere' }],
  ['site', { site: 'old' }],
  ['site', { site: undefined }],
  ['quantity', { quantity: '-5' }],
  ['quantity', { quantity: '1,5' }],
  ['quantity', { quantity: '1e5' }],
  ['quantity', { quantity: '0.1234567' }],
  ['quantity', { quantity: '100000000000' }],
  ['quantity', { quantity: '' }],
  ['quantity', { quantity: 'NaN' }],
  ['unit', { unit: 'Wh' }],
  ['unit', { unit: 'L' }],
  ['factor', { factor: 'none' }],
  ['factor', { factor: '__proto__' }],
  ['description', { description: 'x'.repeat(501) }],
  ['description', { description: 'a\0b' }],
] as const) {
  test(`a row is refused for its ${column}: ${JSON.stringify(change).slice(0, 60)}`, async (t) => {
    const faults = judge(change)
    t.match(faults, [{ line: 7, column }])
    t.equal((faults as unknown[]).length, 1)
  })
}

test('all that is wrong with a row is told at once, without its values', async (t) => {
  const faults = judge({ date: 'SECRET', site: 'SECRET', quantity: 'SECRET', unit: 'SECRET', factor: 'SECRET' }, true)
  t.same(
    (faults as { column: string | null }[]).map(({ column }) => column),
    [null, 'date', 'site', 'quantity', 'unit', 'factor'],
  )
  t.notMatch(JSON.stringify(faults), 'SECRET')
})
