import { dirname, join } from 'node:path'

export interface DocLink {
  readonly text: string
  /** From the root of the repository. */
  readonly target: string
}

const LINK = /\[((?:\\.|[^\]\\])*)\]\(([^)\s]+)\)/g
const FENCE = /^```[\s\S]*?^```/gm
const NAME = /(?:\btest(?:\.\w+)?\(|\btitle:)\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g

/** Relative links of a page, in order. Code blocks hold none. */
export function linksOf(file: string, markdown: string): readonly DocLink[] {
  return [...markdown.replace(FENCE, '').matchAll(LINK)]
    .map(([, text = '', address = '']) => ({
      text: text.replace(/\\(.)/g, '$1'),
      address: address.split('#')[0] ?? '',
    }))
    .filter(({ address }) => address !== '' && !/^[a-z][a-z0-9+.-]*:/i.test(address))
    .map(({ text, address }) => ({ text, target: join(dirname(file), decodeURI(address)) }))
}

/** Names of tests as pages write them: without the requirements they cite, `…` in the place of a value. */
export function testNamesOf(source: string): ReadonlySet<string> {
  return new Set(
    [...source.matchAll(NAME)].map(([, , name = '']) =>
      name
        .replace(/\s*\[[SALUOZC][A-Z0-9F, -]*\]/g, '')
        .replace(/\$\{[^}]*\}/g, '…')
        .replace(/\\(.)/g, '$1')
        .trim(),
    ),
  )
}

/** Whether a file holds tests, so that a link to it has to name one of them. */
export const holdsTests = (path: string): boolean => /\.(test|cases)\.ts$|\/contract\/[^/]+\.ts$/.test(path)
