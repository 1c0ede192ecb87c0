/** Control characters, and those that change the direction of text or hide in it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text for a terminal on one line. Names come from strangers, and an escape sequence could rewrite what the operator sees. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped)

/** JSON that is safe on a terminal too, and the same value to a parser. */
export const printableJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, undefined, indent).replace(UNPRINTABLE, (character) =>
    character === '\n' ? '\n' : escaped(character),
  )

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
