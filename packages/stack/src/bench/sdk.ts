import { createServer } from 'node:http'
import { tracker } from '@gatehouse/catalog-tracker'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'

// The peer: the official SDK's handler with the same tools, nothing else in its way.
const [port = '0'] = process.argv.slice(2)
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' })
  for (const { name, title, description, input, output } of tracker.tools) {
    server.registerTool(name, { title, description, inputSchema: input, outputSchema: output }, async () => ({
      content: [],
      structuredContent: {},
    }))
  }
  return server
})
const answer = toNodeHandler(handler)
const server = createServer((request, response) => void answer(request as NodeIncomingMessageLike, response))
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
