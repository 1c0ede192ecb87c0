import { isIPv4, isIPv6 } from 'node:net'

/** The network of an address, coarse enough not to be one household: `192.0.2.0/24`, `2001:db8:1::/48`; empty for anything else. */
export function roughNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  if (isIPv4(mapped)) return `${mapped.split('.').slice(0, 3).join('.')}.0/24`
  const [bare = ''] = address.split('%', 1)
  if (!isIPv6(bare)) return ''
  const [head = ''] = bare.split('::', 1)
  const groups = head === '' ? [] : head.split(':')
  const first = [...groups, '0', '0', '0'].slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16))
  while (first.at(-1) === '0') first.pop()
  return `${first.join(':')}::/48`
}

const BROWSERS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const SYSTEMS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** `Firefox on Linux`, as far as the browser says so. */
export function browserInWords(userAgent: string): string {
  const browser = BROWSERS.find(([mark]) => mark.test(userAgent))?.[1]
  const system = SYSTEMS.find(([mark]) => mark.test(userAgent))?.[1]
  if (browser === undefined && system === undefined) return 'An unknown browser'
  if (system === undefined) return browser ?? ''
  return `${browser ?? 'A browser'} on ${system}`
}
