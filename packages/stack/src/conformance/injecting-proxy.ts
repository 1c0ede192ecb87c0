import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { framesOf } from './request-frames.ts'

export interface InjectingProxy {
  readonly port: number
  /** Where connections go from now on. */
  target: { readonly host: string; readonly port: number } | undefined
  /** Goes into every request that has no credential of its own; `undefined`: into none. */
  authorization: string | undefined
  close(): Promise<void>
}

/**
 * Adds a credential to requests of a client that cannot send one, and changes nothing else: letter case and spaces of headers,
 * `Host` and `Origin` arrive as they were sent, and answers stream. On 127.0.0.1, for tests only: whoever reaches it has the credential.
 */
export async function startInjectingProxy(): Promise<InjectingProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    // What broke has closed; the other side is closed with it.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((client) => {
    keep(client)
    if (proxy.target === undefined) return client.destroy()
    const upstream = keep(connect(proxy.target))
    const rewrite = framesOf(() => proxy.authorization)
    client.on('data', (chunk) => {
      if (!upstream.write(rewrite(chunk))) client.pause()
    })
    upstream.on('drain', () => client.resume())
    upstream.pipe(client)
    client.on('end', () => upstream.end()).on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  const proxy: InjectingProxy = {
    port: await listen(server),
    target: undefined,
    authorization: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return proxy
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
