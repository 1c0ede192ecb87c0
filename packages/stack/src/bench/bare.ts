import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

// The baseline: one POST, the default JSON parser, the same bytes and as many headers as the answer that it is measured against.
const [file = '', port = '0'] = process.argv.slice(2)
const { body: text, headers } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}
const body = Buffer.from(text)
const server = Fastify({ logger: false })
server.post('/mcp', (_request, reply) => reply.headers(headers).send(body))
await server.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
