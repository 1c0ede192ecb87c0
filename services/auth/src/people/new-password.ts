/** Characters, not bytes. NIST SP 800-63B section 3.1.1: long, no rules of composition, and anything may be typed. */
const SHORTEST = 12
const LONGEST = 256

/** What is wrong with a password that somebody wants, in words; `undefined` when it can be used. */
export function faultOfPassword(
  password: string,
  of: { readonly email: string; readonly name: string; readonly brand: string },
): string | undefined {
  const characters = Array.from(password).length
  if (characters < SHORTEST) return `Use at least ${SHORTEST} characters.`
  if (characters > LONGEST) return `Use at most ${LONGEST} characters.`
  const plain = simple(password)
  if (new Set(plain).size < 5) return 'Use more different characters.'
  const [mailbox = ''] = of.email.split('@', 1)
  const known = [of.email, mailbox, of.name, of.brand].map(simple).filter((text) => text.length >= 4)
  // What is left is what has to be guessed.
  if (without(plain, known).length < SHORTEST / 2) return 'Do not build it from your name, your email or ours.'
  if (without(plain, COMMON).length < SHORTEST / 3) return 'That is one of the first that are tried.'
  return undefined
}

const simple = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s._-]+/g, '')

const without = (text: string, parts: readonly string[]): string =>
  parts.reduce((rest, part) => rest.replaceAll(part, ''), text)

/** Building blocks of the passwords that every list begins with. */
const COMMON = [
  ...['password', 'passwort', 'qwerty', 'qwertz', 'letmein', 'welcome', 'iloveyou', 'admin', 'abc'],
  ...['1234567890', '123456', '567890', '1234', '123', '2024', '2025', '2026', '2027'],
]
