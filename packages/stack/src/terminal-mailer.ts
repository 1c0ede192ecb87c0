import type { Mailer } from '@gatehouse/auth'

/** Names and addresses come from people: a terminal must not take what they wrote for its own commands. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => (sign === '\n' ? sign : ' '))

/** Sends nothing: letters are shown where the product was started, so that whoever tries it out finds their links. */
export function createTerminalMailer(write: (text: string) => void): Mailer {
  return {
    async send({ to, subject, text }) {
      const lines = [`To ${to}: ${subject.replaceAll('\n', ' ')}`, '', ...text.trim().split('\n')]
      write(`\n  Mail, shown here and sent to nobody\n${lines.map((line) => `  │ ${plain(line)}`).join('\n')}\n\n`)
    },
    close: () => undefined,
  }
}
