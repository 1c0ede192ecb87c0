import { displayName, displayTime } from '@gatehouse/pages'
import type { OneTimeLink } from '../accounts/links.ts'
import type { Mail } from './port.ts'

/** Names come from strangers: one line, and no longer than a line. */
const line = (text: string): string => displayName(text, 80)

const letter = (to: string, subject: string, paragraphs: readonly string[]): Mail => ({
  to,
  subject,
  text: `${paragraphs.join('\n\n')}\n`,
})

/** To somebody who may join an organisation. */
export const invitationLetter = (of: {
  readonly to: string
  readonly brand: string
  readonly tenant: string
  readonly link: OneTimeLink
}): Mail =>
  letter(of.to, `Join ${line(of.tenant)} at ${line(of.brand)}`, [
    `You are invited to ${line(of.tenant)} at ${line(of.brand)}. This link takes you there:`,
    of.link.url,
    `It can be used once, until ${displayTime(of.link.expiresAt)}. If you did not expect it, leave it: nothing happens then.`,
  ])

/** To somebody who has forgotten their password, or whose operator wants them to set one. */
export const passwordLetter = (of: { readonly to: string; readonly brand: string; readonly link: OneTimeLink }): Mail =>
  letter(of.to, `Set a new password for ${line(of.brand)}`, [
    `Somebody asked for a new password for your ${line(of.brand)} account. This link lets you set one:`,
    of.link.url,
    `It can be used once, until ${displayTime(of.link.expiresAt)}. If it was not you, leave it: your password stays as it is.`,
  ])

/** After the password was changed: to tell the person if it was somebody else. */
export const passwordChangedLetter = (of: {
  readonly to: string
  readonly brand: string
  readonly helpUrl: string
}): Mail =>
  letter(of.to, `Your password for ${line(of.brand)} was changed`, [
    `The password of your ${line(of.brand)} account was changed, and every other browser was signed out.`,
    `If it was not you, set a new one at once: ${of.helpUrl}`,
  ])
