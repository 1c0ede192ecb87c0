import type { ServiceName } from '@gatehouse/contracts'
import { t as file, test } from 'tap'
import { allServed, METHODS, servedPaths, UNKNOWN, visit } from './routes.ts'
import { runningCluster } from './running.ts'
import { wholePath } from './whole-path.ts'
import { ask } from './wire.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(120_000)

const running = await runningCluster(file)
const { cluster, publicUrl, secrets } = running
const origins: Readonly<Record<ServiceName, readonly string[]>> = {
  auth: [cluster.auth.url],
  mcp: cluster.mcp.map(({ url }) => url),
  audit: [cluster.audit.url],
}

test('the whole path on PostgreSQL, Redis and NATS, two nodes behind a balancer without affinity', (t) =>
  wholePath(t, { publicUrl, password: secrets.demoPassword, adminToken: secrets.adminToken }))

test('the balancer answers each path of the route table as one process does', (t) => allServed(t, running))

test('behind the balancer each path is answered by its service, and no other has it', async (t) => {
  for (const { path, service, statuses } of await servedPaths(running)) {
    if (statuses.every((status) => status === 404)) continue
    const method = statuses[0] === 404 || statuses[0] === 405 ? 'POST' : 'GET'
    const through = await visit(running, path, method)
    for (const [name, urls] of Object.entries(origins)) {
      for (const url of urls) {
        const answer = await visit(running, path, method, url)
        t.equal(answer.status, name === service ? through.status : 404, `${path} at ${name}`)
        if (name === service) t.equal(answer.headers['content-type'], through.headers['content-type'], path)
      }
    }
  }
})

test('the balancer forwards nothing that is between services or for the platform', async (t) => {
  const credential = JSON.stringify({ credential: secrets.demoApiKey })
  const internal = '/internal/v1/credentials'
  const sent = { body: credential, headers: { 'content-type': 'application/json' } }
  t.equal((await ask(`${cluster.auth.url}${internal}`, sent)).status, 401, 'auth has it, and asks who it is')
  const tricks = [
    '/oauth/../internal/v1/credentials',
    '/oauth/..%2finternal/v1/credentials',
    '/oauth/%2e%2e/internal/v1/credentials',
    '//internal/v1/credentials',
    '/internal//v1/credentials',
    '/INTERNAL/v1/credentials',
    '/assets/../internal/v1/credentials',
    '/%69nternal/v1/credentials',
    `http://x${internal}`,
    '/oauth/authorize/../../internal/v1/credentials',
    '/internal/v1/credentials/',
    '/internal',
  ]
  for (const path of [internal, ...tricks]) {
    const answer = await ask(path.startsWith('http') ? publicUrl : `${publicUrl}${path}`, sent)
    t.ok([303, 404, 405].includes(answer.status), `${path}: ${answer.status}`)
    t.notMatch(answer.text, 'invalid_client', path)
  }
  for (const path of ['/healthz', '/readyz', '/metrics']) t.equal((await visit(running, path, 'GET')).status, 404, path)
})

test('an unknown path is 404 in JSON for every method, behind the balancer', async (t) => {
  for (const path of UNKNOWN) {
    for (const method of METHODS) {
      const answer = await visit(running, path, method)
      t.equal(answer.status, 404, `${method} ${path}`)
      t.match(answer.headers['content-type'], /^application\/json\b/)
      if (method !== 'HEAD') t.match(answer.json(), { error: 'not_found' })
    }
  }
})
