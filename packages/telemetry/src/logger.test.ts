import { Writable } from 'node:stream'
import { test } from 'tap'
import { createLogger } from './logger.ts'

function openLog() {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: createLogger('test', { destination }), lines, last: () => JSON.parse(lines.at(-1) ?? '{}') }
}

test('a credential in a logged object is replaced, wherever it stands', async (t) => {
  const { log, lines } = openLog()
  log.info({
    req: { headers: { authorization: 'Bearer s3cret', cookie: 'sid=s3cret' } },
    form: { code: 's3cret', code_verifier: 's3cret', client_secret: 's3cret', refresh_token: 's3cret' },
    password: 's3cret',
    call: { params: { arguments: { q: 's3cret' } } },
    list: [{ id_token: 's3cret' }],
    a: { b: { c: { d: { e: { token: 's3cret' } } } } },
  })
  t.match(JSON.parse(lines[0] ?? ''), { service: 'test', password: '***' })
  log.child({ token: 's3cret', tenant: 'acme' }).info('a child')
  log.error({ err: Object.assign(new Error('failed'), { client_secret: 's3cret', code: 'E1' }) })
  t.equal(lines.length, 3)
  t.notMatch(lines.join(''), 's3cret')
  t.match(JSON.parse(lines[1] ?? ''), { tenant: 'acme' })
})

test('what is no credential is shown as it is, and the object that was logged is not written to', async (t) => {
  const { log, last } = openLog()
  const object = { code: 'E1', exit: { code: 7 }, codes: ['a'], when: new Date(0), form: { code: 'x', state: 'y' } }
  log.info(object, 'said')
  t.match(last(), { code: 'E1', exit: { code: 7 }, codes: ['a'], when: '1970-01-01T00:00:00.000Z', msg: 'said' })
  t.same(last().form, { code: '***', state: 'y' })
  t.equal(object.form.code, 'x')
})

test('an object that holds itself, or lies deeper than anybody reads, is cut', async (t) => {
  const { log, last } = openLog()
  const object: Record<string, unknown> = { name: 'round' }
  object.self = object
  log.info({ object })
  t.match(JSON.stringify(last()), '"…"')
})
