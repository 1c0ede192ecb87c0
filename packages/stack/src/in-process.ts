import type { FastifyInstance, InjectOptions } from 'fastify'

/** `fetch` for the services that a server has itself: nothing goes over the network, whatever address is named. */
export const inProcess =
  (server: FastifyInstance): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init)
    const { pathname, search } = new URL(request.url)
    const answer = await server.inject({
      method: request.method as NonNullable<InjectOptions['method']>,
      url: `${pathname}${search}`,
      headers: Object.fromEntries(request.headers),
      payload: Buffer.from(await request.arrayBuffer()),
    })
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    )
    return new Response(answer.rawPayload.length === 0 ? null : answer.rawPayload, {
      status: answer.statusCode,
      headers,
    })
  }
