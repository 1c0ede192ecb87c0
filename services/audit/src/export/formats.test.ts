import { test } from 'tap'
import { classOf } from '../ingest/to-row.ts'
import { csvField } from './formats.ts'
import { toOcsf } from './ocsf.ts'

test('no value of a CSV export begins as a formula of a spreadsheet does, whichever sign it uses', (t) => {
  for (const sign of ['=', '+', '-', '@', '\t']) t.equal(csvField(`${sign}1`), `'${sign}1`, JSON.stringify(sign))
  t.equal(csvField('\r1'), `"'\r1"`)
  t.equal(csvField('a"b'), '"a""b"')
  t.equal(csvField('entry.create'), 'entry.create')
  t.equal(csvField(-1), '-1', 'a number is none')
  t.end()
})

test('how a call ended stands in OCSF as success, failure or unknown', (t) => {
  const ended = (outcome: 'succeeded' | 'failed' | 'refused' | 'timed-out' | 'unknown') =>
    toOcsf({
      id: 'e1',
      time: '2026-03-01T10:00:00Z',
      received: '2026-03-01T10:00:01Z',
      event: 'x',
      type: 'x',
      tenant: 't1',
      outcome,
    }).status_id
  t.same(
    ['succeeded', 'failed', 'refused', 'timed-out', 'unknown'].map((one) => ended(one as 'failed')),
    [1, 2, 2, 2, 0],
  )
  t.end()
})

test('what the authorization server reports is kept as security, the rest as standard', (t) => {
  t.equal(classOf('gatehouse.auth.signed-in.v1'), 'security')
  t.equal(classOf('gatehouse.mcp.tool-called.v1'), 'standard')
  t.end()
})
