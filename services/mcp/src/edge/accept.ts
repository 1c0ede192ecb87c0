const BOTH = 'application/json, text/event-stream'

/** Whether an `Accept` header lets an answer of this media type through. Weights are read only for `q=0`. */
export function accepts(header: string | undefined, type: 'application/json' | 'text/event-stream'): boolean {
  // What the SDKs send, word for word.
  if (header === BOTH) return true
  if (header === undefined || header.trim() === '') return true
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  return header.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false
    return name === type || name === family || name === '*/*'
  })
}

export const isJson = (contentType: string | undefined): boolean =>
  contentType === 'application/json' || contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
