/**
 * Ids of SSE events, unique in a session. They say which stream an event stood on, so that any node can go on with that one:
 * `p.<name>.<n>` the n-th message of a stream that began with a POST; `g.<sequence>.<time>.<unique>` the standing stream, up to a sequence
 * of the domain stream, at a time (milliseconds, base 36).
 */
export type EventId =
  | { readonly kind: 'post'; readonly name: string; readonly n: number }
  | { readonly kind: 'get'; readonly sequence: number; readonly time: number }

const POST = /^p\.([A-Za-z0-9_-]{12})\.(\d{1,9})$/
const GET = /^g\.(\d{1,16})\.([0-9a-z]{1,10})\.[A-Za-z0-9_-]{1,32}$/

export const postEventId = (name: string, n: number): string => `p.${name}.${n}`

export const getEventId = (sequence: number, time: number, unique: string): string =>
  `g.${sequence}.${time.toString(36)}.${unique}`

/** `undefined` for what is no id of ours. */
export function readEventId(text: string): EventId | undefined {
  const post = POST.exec(text)
  if (post !== null) return { kind: 'post', name: String(post[1]), n: Number(post[2]) }
  const get = GET.exec(text)
  if (get === null) return undefined
  const sequence = Number(get[1])
  return Number.isSafeInteger(sequence)
    ? { kind: 'get', sequence, time: Number.parseInt(String(get[2]), 36) }
    : undefined
}
