import { request } from 'node:http'
import { responseOf } from './routed-fetch.ts'

/**
 * `fetch` for names below `localhost`, which not every resolver knows: each request goes to `localhost`, and names the host that was meant.
 */
export const hostFetch: typeof fetch = (input, init = {}) =>
  new Promise((resolve, reject) => {
    const asked = new URL(input instanceof Request ? input.url : input)
    const { method = 'GET', body, signal } = init
    const headers = new Headers(init.headers)
    headers.set('host', asked.host)
    const sent = body instanceof URLSearchParams ? body.toString() : body
    if (body instanceof URLSearchParams && !headers.has('content-type')) {
      headers.set('content-type', 'application/x-www-form-urlencoded')
    }
    if (typeof sent === 'string') headers.set('content-length', String(Buffer.byteLength(sent)))
    const path = asked.pathname + asked.search
    const options = { hostname: 'localhost', port: asked.port, method, path, headers: Object.fromEntries(headers) }
    const sending = request({ ...options, agent: false })
    const leave = (): void => void sending.destroy(new Error('left'))
    signal?.addEventListener('abort', leave, { once: true })
    sending.on('error', reject)
    sending.on('response', (answer) => resolve(responseOf(answer)))
    sending.on('close', () => signal?.removeEventListener('abort', leave))
    sending.end(typeof sent === 'string' ? sent : undefined)
  })
