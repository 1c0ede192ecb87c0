/** Deeper than any document that is fetched here. */
const DEEPEST = 16

/**
 * JSON that every reader reads alike: UTF-8, no member twice in an object (of two `client_id` one program takes the first, another the
 * last), not nested deeper than is honest. `undefined` for all else.
 */
export function readJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    // First the grammar; the walk below then sees well-formed text only. What is deep is not given to the recursive parser.
    return isShallow(text) && !hasTwins(text) ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]]/gs

function isShallow(text: string): boolean {
  let depth = 0
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    if (depth > DEEPEST) return false
  }
  return true
}

/** Whether any object has a member twice, however its name is escaped. */
function hasTwins(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (/^\s*:/.test(text.slice(match.index + token.length))) {
      const names = open.at(-1)
      const name = JSON.parse(token) as string
      if (names?.has(name)) return true
      names?.add(name)
    }
  }
  return false
}
