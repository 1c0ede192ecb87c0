interface Answered {
  readonly result: {
    readonly isError?: boolean
    readonly contents: readonly [{ readonly text: string }]
    readonly structuredContent?: unknown
  }
}

/** One request of the stateless revision, by hand. @throws for an answer that has no result */
export async function callMcp(
  publicUrl: string,
  key: string,
  method: string,
  params: { readonly name?: string; readonly uri?: string; readonly arguments?: object },
  traceparent?: string,
): Promise<Answered> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    ...(traceparent === undefined ? {} : { traceparent }),
  }
  const answer = await fetch(`${publicUrl}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      'mcp-name': params.name ?? params.uri ?? '',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  })
  const text = await answer.text()
  if (!text.includes('"result"')) throw new Error(`${method} was answered with ${answer.status}: ${text}`)
  return JSON.parse(text) as Answered
}
