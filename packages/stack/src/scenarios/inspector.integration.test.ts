import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { eventually, inspector, installTools, newNode, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { auditedCalls } from './audit-log.ts'
import { runningHouse } from './running.ts'

installTools()
const run = promisify(execFile)

test('the Inspector lists and calls tools from a command line, with the key that the banner prints', async (t) => {
  const house = await runningHouse(t, { embedded: true, profile: 'conformance' })
  const folder = temporaryFolder(t)
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder }
  const inspect = async (...args: readonly string[]) => {
    const header = ['--header', `Authorization: Bearer ${house.secrets.demoApiKey}`]
    const url = `${house.publicUrl}${house.profile.paths.mcp}`
    const all = [inspector(), '--cli', url, '--transport', 'http', ...header, ...args]
    const { stdout } = await run(newNode(), all, { env, timeout: 60_000 })
    return JSON.parse(stdout) as Record<string, unknown>
  }

  const { tools } = (await inspect('--method', 'tools/list')) as { tools: readonly { name: string }[] }
  t.equal(tools[0]?.name, 'test_simple_text')
  const result = await inspect('--method', 'tools/call', '--tool-name', 'greet', '--tool-arg', 'name=Ada')
  t.match(result, { content: [{ type: 'text', text: 'Hello, Ada!' }] })
  const called = await eventually(15_000, 'the call in the audit log', async () =>
    (await auditedCalls(house)).find(({ tool }) => tool === 'greet'),
  )
  t.match(called, { outcome: 'succeeded', actor: { kind: 'key' } })
})
