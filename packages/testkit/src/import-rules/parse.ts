export interface Import {
  readonly specifier: string
  /** Names as the other module exports them; empty for `import 'x'`, `import * as x` and calls. */
  readonly names: readonly string[]
  readonly typeOnly: boolean
}

const STRING_OR_COMMENT = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
const STATEMENT = /^[ \t]*(?:import|export)[ \t]+(type[ \t]+)?([^'"`;=]*?)[ \t\n]*from[ \t]*['"]([^'"]+)['"]/gm
const BARE = /^[ \t]*import[ \t]*['"]([^'"]+)['"]/gm
const CALL = /(?:\bimport|\brequire(?:\.resolve)?|\bcreateRequire\([^()]*\)(?:\.resolve)?)\([ \t\n]*['"]([^'"]+)['"]/g

/** @returns the source without comments and strings that quote code; `templates` says whether template literals stay */
export function code(source: string, { templates }: { readonly templates: boolean }): string {
  return source.replace(STRING_OR_COMMENT, (found, text?: string, template?: string) => {
    // No specifier holds a parenthesis; a string that quotes a call does.
    if (text !== undefined) return text.includes('(') ? "''" : found
    if (template !== undefined) return templates ? found : '``'
    return ' '
  })
}

/** Every import, re-export, dynamic import and require of a literal in a TypeScript source, in no particular order. */
export function importsOf(source: string): Import[] {
  const text = code(source, { templates: false })
  const statements = [...text.matchAll(STATEMENT)].map(([, type, clause = '', specifier = '']) => ({
    specifier,
    names: namesOf(clause),
    typeOnly: type !== undefined,
  }))
  const others = [...text.matchAll(BARE), ...text.matchAll(CALL)].map(([, specifier = '']) => ({
    specifier,
    names: [],
    typeOnly: false,
  }))
  return [...statements, ...others]
}

function namesOf(clause: string): string[] {
  const braces = clause.match(/\{([^}]*)\}/)?.[1] ?? ''
  const names = braces.split(',').map((name) => name.trim().replace(/^type\s+/, ''))
  return names.map((name) => name.split(/\s+as\s+/)[0] ?? '').filter((name) => name !== '')
}
