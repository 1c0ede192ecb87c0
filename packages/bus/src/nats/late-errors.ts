import type { Socket } from 'node:net'
import type { NatsConnection } from 'nats'

interface Inside {
  readonly protocol?: { readonly transport?: { readonly socket?: Socket } }
}

/** The socket of a connection that is up, as nats.js 2 keeps it. */
export const socketOf = (nats: NatsConnection): Socket | undefined =>
  (nats as unknown as Inside).protocol?.transport?.socket

/**
 * nats.js takes all listeners off a socket before it destroys it. An error that the socket tells only then, of a write that met its end, is heard by nobody, and
 * Node ends the process. Here somebody hears it; what it says is known, since the connection has closed. To be called with each connection that is made.
 */
export function hearLateErrors(nats: NatsConnection): void {
  const socket = socketOf(nats)
  if (socket === undefined) return
  const removeAll = socket.removeAllListeners.bind(socket)
  socket.removeAllListeners = (event) => {
    if (event === undefined) removeAll()
    else removeAll(event)
    return socket.on('error', () => undefined)
  }
}
