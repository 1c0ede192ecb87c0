import type { SpanHandle, Tracing } from '@gatehouse/telemetry'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** A span for each routed request, named by its route and not by what stands in its path. Direct paths make their own. */
export function traceRequests(server: FastifyInstance, tracing: Tracing | undefined): void {
  if (tracing === undefined) return
  const spans = new WeakMap<FastifyRequest, SpanHandle>()
  // After the body was read: its events come from elsewhere, and would lead out of the span.
  server.addHook('preValidation', (request, _reply, done) => {
    const route = request.routeOptions.url
    if (route === '/healthz' || route === '/readyz' || route === '/metrics') return done()
    const { traceparent } = request.headers
    const span = tracing.begin(`${request.method} ${route ?? 'unknown'}`, {
      kind: 'server',
      parent: typeof traceparent === 'string' ? traceparent : undefined,
      facts: {
        'http.request.method': request.method,
        'http.route': route ?? 'unknown',
        'gatehouse.request_id': request.id,
      },
    })
    spans.set(request, span)
    tracing.within(span, done)
  })
  server.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    if (span !== undefined) {
      span.add({ 'http.response.status_code': reply.statusCode })
      if (reply.statusCode >= 500) span.fail(String(reply.statusCode))
      span.end()
    }
    done()
  })
}

/** A `fetch` whose requests are spans, and tell who is asked which trace they are part of. */
export function tracedFetch(fetch: typeof globalThis.fetch, tracing: Tracing | undefined): typeof globalThis.fetch {
  if (tracing === undefined) return fetch
  return (input, init) => {
    if (tracing.traceparent() === undefined) return fetch(input, init)
    const { host, pathname } = new URL(input instanceof Request ? input.url : input)
    const method = init?.method ?? 'GET'
    const about = {
      kind: 'client',
      facts: { 'http.request.method': method, 'server.address': host, 'url.path': pathname },
    } as const
    return tracing.span(`${method} ${pathname}`, about, async (span) => {
      const headers = new Headers(init?.headers)
      headers.set('traceparent', span.traceparent)
      const answer = await fetch(input, { ...init, headers })
      span.add({ 'http.response.status_code': answer.status })
      if (answer.status >= 500) span.fail(String(answer.status))
      return answer
    })
  }
}
