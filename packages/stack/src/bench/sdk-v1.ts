import { createServer } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { DESCRIPTION, echoInput, echoOutput, toolName } from './native-catalog.ts'

// The older SDK as its own examples run it without sessions: a server and a transport for each request, answers as JSON.
const [tools = '1', port = '0'] = process.argv.slice(2)
const build = (): McpServer => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' })
  for (let at = 0; at < Number(tools); at += 1) {
    server.registerTool(
      toolName(at),
      { title: 'Echo', description: DESCRIPTION, inputSchema: echoInput.shape, outputSchema: echoOutput.shape },
      async ({ text, times }) => ({
        content: [{ type: 'text' as const, text: JSON.stringify({ text, times }) }],
        structuredContent: { text, times },
      }),
    )
  }
  return server
}
const server = createServer(async (request, response) => {
  const mcp = build()
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  response.on('close', () => {
    void transport.close()
    void mcp.close()
  })
  // The package's own types disagree under `exactOptionalPropertyTypes`.
  await mcp.connect(transport as Parameters<typeof mcp.connect>[0])
  await transport.handleRequest(request, response)
})
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
