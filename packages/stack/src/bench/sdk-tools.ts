import { createServer } from 'node:http'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { DESCRIPTION, echoInput, echoOutput, toolName } from './native-catalog.ts'

// The peer of `native.ts`: the official SDK's handler with the same tools, without credentials, limits or records.
const [tools = '1', port = '0'] = process.argv.slice(2)
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' })
  for (let at = 0; at < Number(tools); at += 1) {
    server.registerTool(
      toolName(at),
      { title: 'Echo', description: DESCRIPTION, inputSchema: echoInput, outputSchema: echoOutput },
      async ({ text, times }) => ({
        content: [{ type: 'text', text: JSON.stringify({ text, times }) }],
        structuredContent: { text, times },
      }),
    )
  }
  return server
})
const answer = toNodeHandler(handler)
const server = createServer((request, response) => void answer(request as NodeIncomingMessageLike, response))
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
