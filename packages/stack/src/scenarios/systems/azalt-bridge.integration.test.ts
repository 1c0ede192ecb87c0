import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { freePort, temporaryFolder } from '@gatehouse/testkit'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { t as file, test } from 'tap'
import { runningHouse } from '../running.ts'
import { scriptedBrowser } from '../scripted-browser.ts'

file.setTimeout(120_000)

const BRIDGE = join(dirname(createRequire(import.meta.url).resolve('mcp-remote/package.json')), 'dist/proxy.js')

test('a client that speaks to local programs alone comes in over mcp-remote [Z7]', async (t) => {
  const house = await runningHouse(t, { embedded: true, profile: 'azalt' })
  const browser = await scriptedBrowser(t, { email: 'member@acme.test', password: house.secrets.demoPassword })
  const folder = temporaryFolder(t)
  const { PATH = '' } = process.env
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [BRIDGE, `${house.publicUrl}/api/mcp`, String(await freePort())],
    env: { PATH, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder, BROWSER: browser.command },
    stderr: 'ignore',
  })
  const client = new Client({ name: 'desktop', version: '1.0.0' })
  t.teardown(() => client.close())
  await client.connect(transport)
  t.same(browser.failures, [])
  t.equal(browser.opened.length, 1, 'signed in once')
  const { structuredContent } = await client.callTool({ name: 'get_my_profile', arguments: {} })
  t.match(structuredContent, { user: { email: 'member@acme.test' }, organization: { slug: 'acme' } })
})
