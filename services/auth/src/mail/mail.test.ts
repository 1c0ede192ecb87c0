import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { createLogger, silentLogger } from '@gatehouse/telemetry'
import { type Test, test } from 'tap'
import { invitationLetter, passwordChangedLetter, passwordLetter } from './letters.ts'
import { openMailer } from './open.ts'

const LINK = {
  url: 'https://align.example/settings/invitation?link=SECRET',
  expiresAt: new Date('2027-01-31T12:00:00Z'),
}
const LETTER = { to: 'rosa@new.test', subject: 'Join', text: `Come: ${LINK.url}\n` }

/** A mail server that says what it is told, and keeps what it hears. */
async function postOffice(t: Test, { refuses = false } = {}) {
  const heard: string[] = []
  const server = createServer((socket: Socket) => {
    let letter = false
    let rest = ''
    const say = (line: string) => socket.write(`${line}\r\n`)
    say('220 post.test ESMTP')
    socket.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        heard.push(line)
        if (letter) {
          if (line !== '.') continue
          letter = false
          say('250 queued')
        } else if (/^EHLO/.test(line)) socket.write('250-post.test\r\n250 AUTH PLAIN\r\n')
        else if (/^AUTH PLAIN/.test(line)) say('235 welcome')
        else if (/^RCPT/.test(line)) say(refuses ? '550 nobody here' : '250 fine')
        else if (line === 'STARTTLS') say('454 not here')
        else if (line === 'DATA') {
          letter = true
          say('354 go on')
        } else if (line === 'QUIT') {
          say('221 bye')
          socket.end()
        } else say('250 fine')
      }
    })
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { heard, port: address.port }
}

const openAt = (t: Test, url: string | undefined, production = true) => {
  const mailer = openMailer(url, { from: 'Align <no-reply@align.example>', log: silentLogger, production })
  t.teardown(() => mailer.close())
  return mailer
}

test('a letter leaves over SMTP, from the sender that is configured, by the account in the address', async (t) => {
  const { heard, port } = await postOffice(t)
  await openAt(t, `smtp://us%40er:pass@127.0.0.1:${port}`).send(LETTER)
  t.ok(heard.includes(`AUTH PLAIN ${Buffer.from('\0us@er\0pass').toString('base64')}`))
  t.ok(heard.includes('MAIL FROM:<no-reply@align.example>'))
  t.ok(heard.includes('RCPT TO:<rosa@new.test>'))
  t.ok(heard.includes('Subject: Join'))
  t.match(heard.join('\n').replaceAll('=\n', '').replaceAll('=3D', '='), LINK.url)
})

test('a letter that is refused, or a server that is away, is an error to who sends it', async (t) => {
  const { port } = await postOffice(t, { refuses: true })
  await t.rejects(openAt(t, `smtp://127.0.0.1:${port}`).send(LETTER), /550/)
  await t.rejects(openAt(t, 'smtp://127.0.0.1:9').send(LETTER), /ECONNREFUSED/)
})

test('away from this machine letters leave over TLS or not at all', async (t) => {
  const { heard, port } = await postOffice(t)
  // This machine by a spelling that is not one of those that are believed to mean it.
  await t.rejects(openAt(t, `smtp://127.1:${port}`).send(LETTER), /TLS/i)
  t.notOk(heard.some((line) => line.startsWith('MAIL')))
})

test('without a mail server letters are written to the log, and in production nothing of what they say', async (t) => {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger('auth', { level: 'trace', destination })
  await openMailer(undefined, { from: 'x', log, production: false }).send(LETTER)
  t.match(lines.join(), LINK.url)
  lines.length = 0
  await openMailer(undefined, { from: 'x', log, production: true }).send(LETTER)
  t.match(lines.join(), 'no mail is sent')
  t.notMatch(lines.join(), /SECRET|rosa@new\.test/)
})

test('letters say what they are for and how long; names of strangers stay on their line', async (t) => {
  const to = 'rosa@new.test'
  const tenant = 'Evil\r\nBcc: all@new.test\u202e'
  const letter = invitationLetter({ to, brand: 'Align', tenant, link: LINK })
  t.equal(letter.subject, 'Join Evil Bcc: all@new.test at Align')
  t.match(letter.text, /\n\nhttps:\/\/align\.example\/settings\/invitation\?link=SECRET\n\n/)
  t.match(letter.text, 'once, until 31 Jan 2027, 12:00 UTC')
  t.match(passwordLetter({ to, brand: 'Align', link: LINK }).text, 'your password stays as it is')
  t.match(passwordChangedLetter({ to, brand: 'Align', helpUrl: 'https://x.example' }).text, 'https://x.example')
})
