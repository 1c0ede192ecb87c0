import { domainToASCII } from 'node:url'

/** Control, format (bidi, zero width, tags), surrogate, private-use and line characters: they can make a name look like another. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu
/** More than two marks on one letter climb over the lines around it. */
const PILED_MARKS = /(\p{M}{2})\p{M}+/gu

/**
 * A name that somebody else chose, made fit to be shown: one line, no invisible or direction-changing characters, at most
 * `max` characters (an ellipsis included). Escaping is not its work; the `html` tag does that.
 */
export function displayName(text: string, max = 60): string {
  const seen = text.normalize('NFC').replace(/\s+/gu, ' ').replace(UNSEEN, '').replace(PILED_MARKS, '$1')
  const letters = Array.from(seen.replace(/ {2,}/g, ' ').trim())
  if (letters.length === 0) return 'Unnamed'
  return letters.length <= max
    ? letters.join('')
    : `${letters
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`
}

/** A host, with port if it has one, in its ASCII form (punycode): what a browser would really connect to. */
export function displayHost(host: string): string {
  const candidate = `http://${host.trim()}/`
  if (URL.canParse(candidate)) {
    const url = new URL(candidate)
    if (url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === '') {
      return host.trim().endsWith(':80') ? `${url.hostname}:80` : url.host
    }
  }
  return displayName(domainToASCII(host) || host.replace(/[^\x21-\x7e]/g, ''), 100)
}

/** The scheme of a private-use redirect (`cursor://…`, `com.example.app:/…`, or the scheme alone), as `cursor:`. */
export function displayScheme(redirect: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*/i.exec(redirect)?.[0] ?? ''
  return `${displayName(scheme, 60).toLowerCase()}:`
}

const LINKABLE = new Set(['https:', 'http:', 'mailto:'])
/** Schemes that run or show content instead of leading to another program. Never linked, whatever was registered. */
const EXECUTABLE = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'filesystem:',
  'about:',
  'view-source:',
])

/**
 * An address that may stand in an `href`, or `undefined`: a path of this origin, or an http, https or mailto URL.
 * With `privateUse` the schemes of installed applications as well, except those that run script or open local files.
 */
export function safeHref(href: string, { privateUse = false } = {}): string | undefined {
  if (/[\p{Cc}\s\\]/u.test(href)) return undefined
  if (href.startsWith('/')) return href.startsWith('//') ? undefined : href
  if (!URL.canParse(href)) return undefined
  const { protocol } = new URL(href)
  if (LINKABLE.has(protocol)) return href
  return privateUse && !EXECUTABLE.has(protocol) ? href : undefined
}

const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
})

/** `21 Nov 2026, 09:11 UTC`. */
export const displayTime = (time: Date): string => `${DAY.format(time)} UTC`

/** A duration in seconds, in words: `10 minutes`, `1 hour`, `45 seconds`. */
export function displayDuration(seconds: number): string {
  const [size, unit] = UNITS.find(([length]) => seconds >= length && seconds % length === 0) ?? [1, 'second']
  const count = seconds / size
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
]
