/** What a person typed into one line: nothing when it is empty, `null` when it is too long or holds what no line holds. */
export function fieldOf(text: string | undefined, max: number): string | undefined | null {
  const line = (text ?? '').trim()
  if (line === '') return undefined
  return line.length <= max && !/[\p{Cc}\p{Cs}]/u.test(line) ? line : null
}

/** A name that somebody gives; nothing when it cannot be one. */
export const readName = (text: string | undefined): string | undefined => fieldOf(text, 100) ?? undefined

/**
 * Nothing that mail takes for more than an address, or leaves out of one (RFC 5322 section 3.2.3): a letter goes to who is written here, or to
 * nobody. Case is spelled out, since `i` with `u` takes the Kelvin sign for a k.
 */
const EMAIL =
  /^[^\s@\p{Cc}\p{Cf}\p{Cs}"(),:;<>[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z0-9-]{2,63}$/u

/** An address as people write it; nothing when it is none. */
export function readEmail(text: string | undefined): string | undefined {
  const email = fieldOf(text, 320)
  return email !== undefined && email !== null && EMAIL.test(email) ? email : undefined
}
