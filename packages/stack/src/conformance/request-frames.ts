const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Follows the requests of one connection (HTTP/1.1) and adds `Authorization` to the head of each that has none.
 * @returns takes the next bytes of the client and gives those for the server
 * A body in chunks ends the following: what comes after it on that connection passes as it is.
 */
export function framesOf(authorization: () => string | undefined): (chunk: Buffer) => Buffer {
  let head = Buffer.alloc(0)
  let bodyLeft = 0
  return (chunk) => {
    const out: Buffer[] = []
    let rest = chunk
    while (rest.length > 0) {
      if (bodyLeft > 0) {
        const body = rest.subarray(0, bodyLeft)
        out.push(body)
        bodyLeft -= body.length
        rest = rest.subarray(body.length)
        continue
      }
      head = Buffer.concat([head, rest])
      const end = head.indexOf(HEAD_END)
      if (end < 0) break
      const text = head.subarray(0, end).toString('latin1')
      rest = head.subarray(end + HEAD_END.length)
      head = Buffer.alloc(0)
      out.push(Buffer.from(`${withCredential(text, authorization())}\r\n\r\n`, 'latin1'))
      bodyLeft = bodyLength(text)
    }
    return Buffer.concat(out)
  }
}

/** Behind the request line, so that every other line stays where and as it is. */
function withCredential(head: string, authorization: string | undefined): string {
  if (authorization === undefined || /^authorization:/im.test(head)) return head
  const [first = '', ...lines] = head.split('\r\n')
  return [first, `Authorization: ${authorization}`, ...lines].join('\r\n')
}

function bodyLength(head: string): number {
  if (/^transfer-encoding:/im.test(head)) return Number.POSITIVE_INFINITY
  return Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0)
}
