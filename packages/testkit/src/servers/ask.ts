import { connect } from 'node:net'

const ANSWER_MS = 1_000

/** What a server says on a new connection, once `complete` finds it enough. @throws when nobody listens or answers */
export function ask(port: number, question: string, complete: (answer: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(question))
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (complete(answer)) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => (complete(answer) ? resolve(answer) : reject(new Error('connection closed'))))
  })
}
