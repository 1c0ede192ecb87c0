const LONGEST = 1_000

/**
 * A path of ours that a link may lead back to after a sign-in, or `undefined`: nothing that a browser could take for another site's
 * address, and not the pages of signing in and out themselves.
 */
export function ownPath(text: string | undefined): string | undefined {
  if (text === undefined || text.length > LONGEST) return undefined
  // Browsers drop tabs and line ends and read a backslash as a slash, so `/\evil` would be another host.
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(text) || text.includes('\\')) return undefined
  const base = 'https://own.invalid'
  if (!URL.canParse(text, base)) return undefined
  const { origin, pathname } = new URL(text, base)
  if (origin !== base || pathname.startsWith('//') || /^\/sign-(?:in|out)(?:\/|$)/.test(pathname)) return undefined
  return text
}
