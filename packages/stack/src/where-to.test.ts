import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { whereTo } from './where-to.ts'

const secrets = { adminToken: 'admin', demoPassword: 'password', demoApiKey: 'key' }
const of = (name: string) => Object.fromEntries(whereTo(loadProfile(name), 'http://localhost:4000', secrets))

test('an installation says where it is by the paths and hosts of its profile, and shows a key only where one is taken', async (t) => {
  t.match(of('align'), { 'MCP endpoint': 'http://localhost:4000/mcp', 'Demo API key': 'key' })
  t.match(of('audigyd'), {
    'MCP endpoint': 'http://localhost:4000/mcp-server/mcp',
    'HTTP+SSE': 'http://localhost:4000/mcp-server/sse',
  })
  t.match(of('orgonaut'), {
    'MCP endpoint': 'http://acme.localhost:4000/mcp/orgonaut',
    Pages: 'http://acme.localhost:4000/',
    'Admin API': 'http://localhost:4000/admin/v1',
  })
  t.match(of('azalt'), { 'MCP endpoint': 'http://localhost:4000/api/mcp', 'Demo API key': undefined })
})
