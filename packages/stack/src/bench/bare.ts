import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

// The baseline: one POST, the default JSON parser, the same bytes as the answer that it is measured against.
const [file = '', port = '0'] = process.argv.slice(2)
const body = readFileSync(file)
const server = Fastify({ logger: false })
server.post('/mcp', (_request, reply) => reply.type('application/json').send(body))
await server.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
