import { test } from 'tap'
import { createTerminalMailer } from './terminal-mailer.ts'

test('a letter is shown whole, and nothing in it moves the terminal', async (t) => {
  let shown = ''
  const mailer = createTerminalMailer((text) => {
    shown += text
  })
  await mailer.send({
    to: 'new@acme.test',
    subject: 'You are invited to \u001b[2JAcme',
    text: 'Open this link:\n\nhttp://localhost:4000/invitation?token=abc\r\n\u0007',
  })
  t.match(shown, /To new@acme\.test: You are invited to {2}\[2JAcme\n/)
  t.match(shown, '│ http://localhost:4000/invitation?token=abc')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is what is tested
  t.notMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f]/)
})
