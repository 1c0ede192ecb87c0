import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { GROUNDS, isAccent, readableAccent } from './accent.ts'

/** A file that pages link to. Its path holds a hash of its content, so it never changes under its name. */
export interface Asset {
  readonly path: string
  readonly type: string
  readonly body: string
  /** Hex SHA-256 of the body, first 16 digits. */
  readonly hash: string
}

export const ASSET_ROOT = '/assets'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

function asset(name: string, extension: 'css' | 'svg', body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const type = extension === 'css' ? 'text/css; charset=utf-8' : 'image/svg+xml'
  return { path: `${ASSET_ROOT}/${name}.${hash}.${extension}`, type, body, hash }
}

export const stylesheet = asset('gatehouse', 'css', read('gatehouse.css'))
export const icon = asset('gatehouse', 'svg', read('gatehouse.svg'))

/**
 * The small stylesheet that gives pages a brand's colour, linked after the main one. A pure function of the colour, so that
 * any node can serve it. `undefined` for what is no colour (see `isAccent`): the page keeps its own.
 */
export function accentStylesheet(accent: string): Asset | undefined {
  if (!isAccent(accent)) return undefined
  const { light, dark } = readableAccent(accent)
  const css = `:root{--accent:${light};--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--accent:${dark};--on-accent:${GROUNDS.onDark}}}
`
  return asset(`accent-${accent.slice(1).toLowerCase()}`, 'css', css)
}
