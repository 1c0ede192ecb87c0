import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { eventually, inspector, installTools, newNode, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { auditedCalls } from './audit-log.ts'
import { connectClient, runningHouse } from './running.ts'

installTools()

interface Way {
  readonly transport: 'http' | 'sse'
  readonly credential: string
}
const run = promisify(execFile)

test('the Inspector lists and calls tools from a command line, with the key that the banner prints or a token, over both transports', async (t) => {
  const house = await runningHouse(t, { embedded: true, profile: 'conformance' })
  const folder = temporaryFolder(t)
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder }
  const { paths } = house.profile
  const using = async ({ transport, credential }: Way, ...args: readonly string[]) => {
    const header = ['--header', `Authorization: Bearer ${credential}`]
    const url = `${house.publicUrl}${transport === 'http' ? paths.mcp : paths.sse}`
    const all = [inspector(), '--cli', url, '--transport', transport, ...header, ...args]
    const { stdout } = await run(newNode(), all, { env, timeout: 60_000 })
    return JSON.parse(stdout) as Record<string, unknown>
  }

  const inspect = (...args: readonly string[]) =>
    using({ transport: 'http', credential: house.secrets.demoApiKey }, ...args)
  const { tools } = (await inspect('--method', 'tools/list')) as { tools: readonly { name: string }[] }
  t.equal(tools[0]?.name, 'test_simple_text')
  const result = await inspect('--method', 'tools/call', '--tool-name', 'greet', '--tool-arg', 'name=Ada')
  t.match(result, { content: [{ type: 'text', text: 'Hello, Ada!' }] })
  const called = await eventually(15_000, 'the call in the audit log', async () =>
    (await auditedCalls(house)).find(({ tool }) => tool === 'greet'),
  )
  t.match(called, { outcome: 'succeeded', actor: { kind: 'key' } })

  const { client, clientId, accessToken } = await connectClient(house, 'member@acme.test')
  t.teardown(() => client.close())
  const token = { transport: 'http', credential: accessToken } as const
  const greeted = await using(token, '--method', 'tools/call', '--tool-name', 'greet', '--tool-arg', 'name=Bea')
  t.match(greeted, { content: [{ text: 'Hello, Bea!' }] })
  const byToken = await eventually(15_000, 'the call of the token in the audit log', async () =>
    (await auditedCalls(house)).find(({ actor }) => actor.client === clientId),
  )
  t.match(byToken, { tool: 'greet', outcome: 'succeeded', actor: { kind: 'person' } })
  const text = await using(token, '--method', 'resources/read', '--uri', 'test://static-text')
  t.match(text, { contents: [{ uri: 'test://static-text' }] })
  t.match(await using(token, '--method', 'prompts/list'), { prompts: [{ name: 'test_simple_prompt' }] })

  const sse = { transport: 'sse', credential: house.secrets.demoApiKey } as const
  t.match(await using(sse, '--method', 'tools/call', '--tool-name', 'greet', '--tool-arg', 'name=Cy'), {
    content: [{ text: 'Hello, Cy!' }],
  })
})
