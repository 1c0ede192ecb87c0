import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inkOn, isAccent, readableAccent } from './accent.ts'

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

const TYPES = { css: 'text/css; charset=utf-8', svg: 'image/svg+xml', js: 'text/javascript; charset=utf-8' } as const

function asset(name: string, extension: 'css' | 'svg' | 'js', body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const type = TYPES[extension]
  return { path: `${ASSET_ROOT}/${name}.${hash}.${extension}`, type, body, hash }
}

export const stylesheet = asset('gatehouse', 'css', read('gatehouse.css'))
export const icon = asset('gatehouse', 'svg', read('gatehouse.svg'))
/** The live tail of the activity page, the one script that there is. */
export const activityScript = asset('activity', 'js', read('activity.js'))

/**
 * The small stylesheet that gives pages a brand's colour, linked after the main one. A pure function of the colour, so that
 * any node can serve it. `undefined` for what is no colour (see `isAccent`): the page keeps its own.
 */
export function accentStylesheet(colour: string): Asset | undefined {
  if (!isAccent(colour)) return undefined
  const accent = colour.toLowerCase()
  const { light, dark } = readableAccent(accent)
  const css = `:root{--fill:${accent};--on-fill:${inkOn(accent)};--accent:${light}}
@media (prefers-color-scheme:dark){:root{--accent:${dark}}}
`
  return asset(`accent-${accent.slice(1)}`, 'css', css)
}
