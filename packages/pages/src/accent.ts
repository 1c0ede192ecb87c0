/** Grounds that the accent must be readable on; the same values stand in `gatehouse.css` (a test compares them). */
export const GROUNDS = { light: '#edefee', dark: '#191d1c' } as const

/** WCAG 2.2, 1.4.3 asks for 4.5; a little above it leaves room for hover shades. */
const READABLE = 4.8

type Rgb = readonly [number, number, number]

/** `true` for a colour that a brand may use: `#rgb` or `#rrggbb`. */
export const isAccent = (value: string): boolean => /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(value)

/**
 * A brand's colour as two that can be read as text and seen as a line: `light` on light grounds, `dark` on dark ones.
 * The hue stays; only lightness moves, and only as far as it must.
 */
export function readableAccent(accent: string): { readonly light: string; readonly dark: string } {
  return {
    light: moveUntilReadable(accent, GROUNDS.light, '#000000'),
    dark: moveUntilReadable(accent, GROUNDS.dark, '#ffffff'),
  }
}

/** The text colour that reads better on a fill: white or black. One of them always reaches 4.58, the root of 21. */
export const inkOn = (fill: string): string =>
  contrast(fill, '#ffffff') >= contrast(fill, '#000000') ? '#ffffff' : '#000000'

/** WCAG contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(parse(one)), luminance(parse(other))]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

function moveUntilReadable(accent: string, ground: string, towards: string): string {
  const [from, to] = [parse(accent), parse(towards)]
  for (let step = 0; step < 50; step++) {
    const colour = format(mix(from, to, step / 50))
    if (contrast(colour, ground) >= READABLE) return colour
  }
  return towards
}

function parse(colour: string): Rgb {
  const digits = colour.slice(1)
  const full = digits.length === 3 ? Array.from(digits, (digit) => digit + digit).join('') : digits
  const value = Number.parseInt(full, 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

const format = (rgb: Rgb): string => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
]

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
