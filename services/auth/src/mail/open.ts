import type { Logger } from '@gatehouse/telemetry'
import { createLogMailer } from './drivers/log.ts'
import { createSmtpMailer } from './drivers/smtp.ts'
import type { Mailer } from './port.ts'

/** The driver for an address; without one letters are only written to the log. */
export function openMailer(
  url: string | undefined,
  options: { readonly from: string; readonly log: Logger; readonly production: boolean },
): Mailer {
  return url === undefined ? createLogMailer(options.log, options) : createSmtpMailer(new URL(url), options.from)
}
