import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where a connection goes, and whom it has to reach. */
export interface Target {
  /** An IP address that was judged; nothing is looked up any more. */
  readonly address: string
  readonly port: number
  /** Name (or address) that the certificate has to be for; absent = without TLS. */
  readonly name: string | undefined
}

/** Resolves when the connection is up and the other side has proven its name. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Socket>

/** @param ca certificates to trust instead of the usual ones, PEM */
export const connectDirectly =
  (ca?: string): Connect =>
  ({ address, port, name }, signal) =>
    new Promise((resolve, reject) => {
      const socket =
        name === undefined
          ? connectTcp({ host: address, port })
          : connectTls({
              host: address,
              port,
              // SNI carries names only (RFC 6066 section 3).
              servername: isIP(name) === 0 ? name : '',
              ALPNProtocols: ['http/1.1'],
              minVersion: 'TLSv1.2',
              ...(ca === undefined ? {} : { ca }),
            })
      // What breaks between here and its next owner is told to that one; an error that nobody hears ends the process.
      socket.on('error', () => {})
      const give = (end: () => void) => {
        signal.removeEventListener('abort', abort)
        socket.off('error', fail)
        socket.off('close', closed)
        end()
      }
      const fail = (error: Error) => give(() => reject(error))
      const closed = () => fail(new Error('the connection was closed'))
      const abort = () => {
        socket.destroy()
        give(() => reject(signal.reason))
      }
      socket.on('error', fail)
      socket.on('close', closed)
      socket.once(name === undefined ? 'connect' : 'secureConnect', () => give(() => resolve(socket)))
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
    })
