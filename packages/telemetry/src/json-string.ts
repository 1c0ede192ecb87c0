/** Text that is JSON as it stands, between quotation marks. */
const PLAIN = /^[ !#-[\]-~]*$/

/** Text as JSON, in the shortest time for what needs no escapes. */
export const jsonString = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** A member after others, or nothing where there is no text. `name` stands as it is. */
export const jsonMember = (name: string, text: string | undefined): string =>
  text === undefined ? '' : `,"${name}":${jsonString(text)}`
