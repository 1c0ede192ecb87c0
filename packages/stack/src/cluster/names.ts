import { createSocket } from 'node:dgram'

/** Answers who asks by DNS for the addresses of a name, as the resolver of containers does. */
export interface NameServer {
  /** Address and port. */
  readonly at: string
  close(): Promise<void>
}

const HEADER_BYTES = 12
/** A is 1, IN is 1; the name is that of the question (RFC 1035 section 4.1.4). */
const ANSWER_HEAD = [0xc0, HEADER_BYTES, 0, 1, 0, 1]
const NO_SUCH_NAME = 3

/** @param addressesOf IPv4 addresses of a name in lower case, none where there is no such name; asked at each question */
export async function startNameServer(addressesOf: (name: string) => readonly string[]): Promise<NameServer> {
  const socket = createSocket('udp4')
  socket.on('message', (question, { port, address }) => {
    const answer = answerTo(question, addressesOf)
    if (answer !== undefined) socket.send(answer, port, address)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', resolve)
  })
  return {
    at: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

/** To one question of one name (RFC 1035 section 4); anything else gets no answer. */
function answerTo(question: Buffer, addressesOf: (name: string) => readonly string[]): Buffer | undefined {
  if (question.length < HEADER_BYTES || question.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const asked = question.subarray(HEADER_BYTES, at + 5)
  const addresses = addressesOf(labels.join('.').toLowerCase())
  const header = Buffer.alloc(HEADER_BYTES)
  question.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8180 | (addresses.length === 0 ? NO_SUCH_NAME : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(addresses.length, 6)
  const answers = addresses.map((address) =>
    Buffer.from([...ANSWER_HEAD, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([header, asked, ...answers])
}
