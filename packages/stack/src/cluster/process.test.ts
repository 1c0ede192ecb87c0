import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { startService } from './process.ts'

test('a service is not started where another process answers, which would be taken for it', async (t) => {
  const other = createServer((_request, response) => response.end('ready'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const { port: taken } = other.address() as AddressInfo
  const spec = { name: 'mcp-1', main: 'no/such/main.ts', surroundings: process.env, logs: temporaryFolder(t) }
  await t.rejects(startService({ ...spec, port: taken, env: {} }), {
    message: `mcp-1 cannot start: a process listens at http://127.0.0.1:${taken}`,
  })
  const port = await freePort()
  await t.rejects(startService({ ...spec, port, env: { HEALTH_PORT: `${taken}` } }), /a process listens at/)
  await t.rejects(startService({ ...spec, port, env: {} }), /^mcp-1 ended with 1:/)
})
