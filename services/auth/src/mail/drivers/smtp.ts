import { createTransport } from 'nodemailer'
import type { Mailer } from '../port.ts'

const TIMEOUT_MS = 10_000

/**
 * Over SMTP (RFC 5321). `smtps:` speaks TLS from the start; `smtp:` has to go over to it (RFC 3207), unless the server is this machine.
 * @param url with user and password where the server asks for them
 */
export function createSmtpMailer(url: URL, from: string): Mailer {
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const secure = url.protocol === 'smtps:'
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !local,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A letter is what it is given: nothing in it is a file or an address to read.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ to, subject, text }) {
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
    },
    close: () => transport.close(),
  }
}
