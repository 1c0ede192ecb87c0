import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadProfile } from '@gatehouse/profiles'
import { t as file, test } from 'tap'
import { runningCluster } from '../running.ts'
import { audigyd } from './audigyd.ts'

file.setTimeout(170_000)

const running = await runningCluster(file, loadProfile('audigyd'))

test('audigyd on PostgreSQL, Redis and NATS, two nodes behind a balancer without affinity', (t) => audigyd(t, running))

test('no process writes a key into its log, the key in the address of a stream included [U4, U5]', async (t) => {
  const { folder, profile, publicUrl, secrets } = running
  const stopping = new AbortController()
  const at = `${publicUrl}${profile.paths.sse}?api_key=${secrets.demoApiKey}`
  t.equal((await fetch(at, { signal: stopping.signal })).status, 200)
  stopping.abort()
  t.equal((await fetch(`${at}x`)).status, 401)
  await Promise.all(running.cluster.mcp.map((node) => running.cluster.removeNode(node)))
  const logs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'))
  const text = logs.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
  t.match(text, profile.paths.sse, 'what is looked through tells of the request')
  t.notMatch(text, /aug_live_[A-Za-z0-9_-]{8,}/)
})
