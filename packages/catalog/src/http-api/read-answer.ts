/** The JSON of an answer; `undefined` where there is none. @throws when it is longer than allowed, breaks off, or claims to be JSON and is not */
export async function readAnswer(response: Response, maxBytes: number): Promise<unknown> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > maxBytes) throw new RangeError('the answer is too long')
    parts.push(part)
  }
  const json = /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')
  return json && length > 0 ? JSON.parse(Buffer.concat(parts).toString('utf8')) : undefined
}
