import { ConfigError, loadConfig } from '@gatehouse/config'
import { test } from 'tap'
import { mcpConfig } from './config.ts'

test('the public URL and the secret are enough; the rest has defaults, this machine alone among them, and a path on it is dropped [S-TR-05]', async (t) => {
  const config = loadConfig(mcpConfig, { PUBLIC_URL: 'https://MCP.example/x/', GATEHOUSE_SECRET: 'sixteen letters.' })
  t.match(config, {
    PUBLIC_URL: 'https://mcp.example',
    GATEHOUSE_PROFILE: 'align',
    HOST: '127.0.0.1',
    CALL_TIMEOUT: 30,
  })
  t.same(config.ALLOWED_HOSTS, [])
})

test('every fault of the configuration is named at once', async (t) => {
  const env = { NATS_URL: 'http://x', REDIS_URL: 'x', NODE_NAME: 'a.b', AUDIT_READS: 'never', PORT: '70000' }
  try {
    loadConfig(mcpConfig, env)
    t.fail('it was accepted')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    t.equal(error.faults.length, 7, error.message)
  }
})
