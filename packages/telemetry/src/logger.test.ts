import { Writable } from 'node:stream'
import { test } from 'tap'
import { createLogger } from './logger.ts'

test('a credential in a logged object is replaced, wherever it stands', async (t) => {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger('test', { destination })
  log.info({
    req: { headers: { authorization: 'Bearer s3cret', cookie: 'sid=s3cret' } },
    form: { code: 's3cret', code_verifier: 's3cret', client_secret: 's3cret', refresh_token: 's3cret' },
    password: 's3cret',
    call: { params: { arguments: { q: 's3cret' } } },
  })
  t.notMatch(lines.join(''), 's3cret')
  t.match(JSON.parse(lines[0] ?? ''), { service: 'test', password: '***' })
})
