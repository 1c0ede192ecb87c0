import { test } from 'tap'
import { asSeenByCallers, DatabaseUnavailable, isSqlError } from './errors.ts'

const sqlError = (code: string) => Object.assign(new Error('words that nobody reads'), { code, severity: 'ERROR' })

test('a server that goes away or turns us down for now is unavailable; its other answers stay what they are', (t) => {
  for (const code of ['57P01', '57P02', '57P03', '08006', '53300', '25P03']) {
    const seen = asSeenByCallers(sqlError(code))
    t.ok(seen instanceof DatabaseUnavailable && isSqlError(seen.cause), code)
  }
  for (const code of ['23505', '40001', '42501', '57014', '3D000', '28P01']) {
    const error = sqlError(code)
    t.equal(asSeenByCallers(error), error, code)
  }
  t.end()
})

test('what the system or the driver says is unavailable, whatever its words; a system code is no SQLSTATE', (t) => {
  for (const error of [Object.assign(new Error('x'), { code: 'EPIPE' }), new Error('Connection terminated')]) {
    t.notOk(isSqlError(error))
    t.ok(asSeenByCallers(error) instanceof DatabaseUnavailable)
  }
  t.end()
})
