import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { eventually, freePort, temporaryFolder } from '@gatehouse/testkit'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { type Test, test } from 'tap'
import { auditedCalls } from './audit-log.ts'
import { type Running, runningHouse } from './running.ts'
import { type ScriptedBrowser, scriptedBrowser } from './scripted-browser.ts'

const BRIDGE = join(dirname(createRequire(import.meta.url).resolve('mcp-remote/package.json')), 'dist/proxy.js')

/** A desktop client that speaks to a program, which speaks to us. */
async function throughBridge(
  t: Test,
  { browser, folder, args }: { browser: ScriptedBrowser; folder: string; args: readonly string[] },
): Promise<Client> {
  const { PATH = '' } = process.env
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [BRIDGE, ...args],
    env: { PATH, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder, BROWSER: browser.command },
    stderr: 'pipe',
  })
  let said = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const client = new Client({ name: 'desktop', version: '1.0.0' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, async () => ({
    action: 'accept',
    content: { username: 'ada', email: 'ada@acme.test' },
  }))
  t.teardown(() => client.close())
  await client.connect(transport).catch((cause: unknown) => {
    throw new Error(`the bridge did not connect: ${said.slice(-3_000)}`, { cause })
  })
  return client
}

const textOf = (result: Awaited<ReturnType<Client['callTool']>>): string =>
  (result.content as { text?: string }[])[0]?.text ?? JSON.stringify(result)

/** The file in which the bridge keeps its tokens. */
function tokensIn(folder: string, at = folder): string {
  for (const entry of readdirSync(at, { withFileTypes: true, recursive: true })) {
    if (entry.name.endsWith('_tokens.json')) return join(entry.parentPath, entry.name)
  }
  throw new Error(`no tokens in ${folder}`)
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>

interface Way {
  readonly name: string
  readonly path: 'mcp' | 'sse'
  readonly args: readonly string[]
}

const WAYS: readonly Way[] = [
  { name: 'as it is', path: 'mcp', args: [] },
  { name: '--transport http-only', path: 'mcp', args: ['--transport', 'http-only'] },
  { name: '--transport sse-only', path: 'sse', args: ['--transport', 'sse-only'] },
  { name: '--transport sse-first', path: 'sse', args: ['--transport', 'sse-first'] },
  { name: '--transport sse-first, where there is only HTTP', path: 'mcp', args: ['--transport', 'sse-first'] },
  { name: '--protocol auto', path: 'mcp', args: ['--protocol', 'auto'] },
]

test('the bridge of desktop clients, every way that it has', async (t) => {
  const house = await runningHouse(t, { embedded: true, profile: 'conformance' })
  for (const way of WAYS) {
    await t.test(`mcp-remote, ${way.name}: login, call, refresh and step-up [CF-2, CF-4, CF-8]`, (t) =>
      useBridge(t, house, way),
    )
  }
})

async function useBridge(t: Test, house: Running, { name, path, args }: Way): Promise<unknown> {
  const person = { email: 'member@acme.test', password: house.secrets.demoPassword }
  const browser = await scriptedBrowser(t, person)
  const folder = temporaryFolder(t)
  const url = `${house.publicUrl}${house.profile.paths[path]}`
  // The port that it derives from the address may be somebody else's at one start and not at the other: it would register anew.
  const bridge = { browser, folder, args: [url, String(await freePort()), ...args] }

  const first = await throughBridge(t, bridge)
  t.same(browser.failures, [])
  t.equal(browser.opened.length, 1, 'signed in once')
  t.equal(browser.opened[0]?.searchParams.get('resource'), url, 'for this endpoint')
  t.equal(textOf(await first.callTool({ name: 'greet', arguments: { name } })), `Hello, ${name}!`)
  const clientId = browser.opened[0]?.searchParams.get('client_id')
  const called = await eventually(15_000, 'the call in the audit log', async () =>
    (await auditedCalls(house)).find(({ actor }) => actor.client === clientId),
  )
  t.match(called, { tool: 'greet', outcome: 'succeeded' })
  const asked = await first.callTool({ name: 'test_elicitation', arguments: { message: 'Who?' } })
  t.match(textOf(asked), /action=accept.*ada/, 'its person was asked')
  await first.close()

  const file = tokensIn(folder)
  const before = read(file)
  writeFileSync(file, JSON.stringify({ ...before, access_token: 'spoiled' }))
  const second = await throughBridge(t, bridge)
  t.equal(textOf(await second.callTool({ name: 'greet', arguments: { name } })), `Hello, ${name}!`)
  t.equal(browser.opened.length, 1, 'no new sign-in: it refreshed')
  t.not(read(file).refresh_token, before.refresh_token, 'which rotated the refresh token')

  const attempt = second.callTool({ name: 'test_step_up', arguments: {} })
  // Over HTTP+SSE it only tells its person which scope is missing.
  if (path === 'sse')
    return t.rejects(attempt, /HTTP 403.*Authorize again and ask for: conformance:more conformance:use/)
  const more = await attempt
  t.equal(textOf(more), 'You have more than the default.')
  t.equal(browser.opened.length, 2, 'asked for more, once')
  t.match(browser.opened[1]?.searchParams.get('scope'), /conformance:more/)
  return t.same(browser.failures, [])
}
