import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way between a process and a part that can be cut. */
export interface Relay {
  readonly port: number
  /** `cut`: what is open is broken, and new connections are refused. `silent`: all stays open, and nothing comes through any more. */
  turn(way: 'open' | 'cut' | 'silent'): Promise<void>
  close(): Promise<void>
}

/** Passes TCP on from a port of its own to another on this machine. */
export async function startRelay(target: number): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let way: 'open' | 'cut' | 'silent' = 'open'
  const server = createServer((near) => {
    if (way === 'cut') {
      near.resetAndDestroy()
      return
    }
    const far = connect(target, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const one of pair) one.destroy()
      })
    }
    near.pipe(far).pipe(near)
    if (way === 'silent') for (const socket of pair) socket.pause()
  })
  const port = await listening(server)
  return {
    port,
    async turn(next) {
      way = next
      for (const pair of pairs) {
        for (const socket of pair) {
          if (next === 'cut') socket.resetAndDestroy()
          else if (next === 'silent') socket.pause()
          else socket.resume()
        }
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const pair of pairs) for (const socket of pair) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
