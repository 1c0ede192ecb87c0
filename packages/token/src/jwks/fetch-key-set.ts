import { type KeySet, readKeySet } from './key-set.ts'

const TIMEOUT_MS = 2_000
const MAX_BYTES = 64 * 1_024
const MAX_AGE_SECONDS = { least: 60, most: 3_600, absent: 300 }

/**
 * One fetch of a JWK Set: no redirects, at most 64 KB within two seconds.
 * @throws on any other answer than 200 with a JWK Set
 */
export async function fetchKeySet(
  url: string,
  fetch: typeof globalThis.fetch,
): Promise<{ readonly set: KeySet; readonly maxAgeSeconds: number }> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the key set was answered with status ${response.status}`)
  }
  const set = await readKeySet(JSON.parse(await readBounded(response)))
  return { set, maxAgeSeconds: maxAgeOf(response.headers.get('cache-control')) }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop by a throw cancels the rest of the body.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`the key set is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Seconds from `Cache-Control` (RFC 9111 section 5.2.2), held between one minute and one hour. */
export function maxAgeOf(cacheControl: string | null): number {
  const given = /(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])/i.exec(cacheControl ?? '')?.[1]
  const seconds = given === undefined ? MAX_AGE_SECONDS.absent : Number(given)
  return Math.min(Math.max(seconds, MAX_AGE_SECONDS.least), MAX_AGE_SECONDS.most)
}
