import type { Logger } from '@gatehouse/telemetry'
import type { Mailer } from '../port.ts'

/**
 * Sends nothing: on a laptop the letter is written to the log, link and all; in production only that there was one, and that nobody got it.
 */
export function createLogMailer(log: Logger, options: { readonly production: boolean }): Mailer {
  return {
    async send({ to, subject, text }) {
      if (options.production) log.warn({ subject }, 'no mail is sent: SMTP_URL is not set')
      else log.info({ to, subject, text }, 'mail (not sent: SMTP_URL is not set)')
    },
    close: () => undefined,
  }
}
