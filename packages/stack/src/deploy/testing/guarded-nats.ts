import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually, findNats, type Scope } from '@gatehouse/testkit'
import { connect } from 'nats'

/** Starts a NATS server with a configuration, and waits until it lets a user in. It ends with the test. */
export async function startGuardedNats(t: Scope, configuration: string, url: string): Promise<void> {
  const server = spawn(findNats() ?? 'nats-server', ['-c', configuration, '-a', '127.0.0.1'], { stdio: 'ignore' })
  const ended = once(server, 'exit')
  t.teardown(async () => {
    server.kill('SIGTERM')
    await ended
  })
  const { username: user, password: pass, host: servers } = new URL(url)
  await eventually(10_000, 'NATS to answer', async () => {
    try {
      await (await connect({ servers, user, pass, reconnect: false })).close()
      return true
    } catch {
      return false
    }
  })
}
