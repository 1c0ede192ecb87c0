import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'

/**
 * `fetch` for an official client, each request of which goes to the node that the test names, with the public host as a balancer passes
 * it on.
 */
export function routedFetch(
  publicUrl: string,
  choose: (method: string) => string,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const { host } = new URL(publicUrl)
  return (url, init = {}) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', body, signal } = init
      const asked = new URL(url)
      const target = new URL(choose(method))
      const headers = { ...Object.fromEntries(new Headers(init.headers)), host }
      const { hostname, port } = target
      const sending = request({ hostname, port, method, headers, path: asked.pathname + asked.search, agent: false })
      const leave = (): void => void sending.destroy(new Error('left'))
      signal?.addEventListener('abort', leave, { once: true })
      sending.on('error', reject)
      sending.on('response', (answer) => resolve(responseOf(answer)))
      sending.on('close', () => signal?.removeEventListener('abort', leave))
      sending.end(typeof body === 'string' ? body : undefined)
    })
}

export function responseOf(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 502
  const headers = new Headers()
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const bodiless = status === 204 || status === 304
  if (bodiless) answer.resume()
  return new Response(bodiless ? null : (Readable.toWeb(answer) as ReadableStream), { status, headers })
}
