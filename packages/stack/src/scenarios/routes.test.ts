import { DIRECTORY } from '@gatehouse/contracts'
import { t as file, test } from 'tap'
import { allServed, METHODS, servedPaths, UNKNOWN, visit } from './routes.ts'
import { runningHouse } from './running.ts'
import { ask } from './wire.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(120_000)

const running = await runningHouse(file)

/** What no balancer forwards: for the platform, and between services. */
const BETWEEN = [
  '/internal/v1/credentials',
  '/internal/v1/introspect',
  ...Object.values(DIRECTORY).map(({ path }) => path),
] as const
const BELOW: readonly string[] = ['/healthz', '/readyz', '/metrics', ...BETWEEN]

test('one process answers each path of the route table, in all forms of metadata [S-LA-03, S-AU-09]', (t) =>
  allServed(t, running))

test('what the one process serves is in the list of paths, or not for the outside', async (t) => {
  const known = (await servedPaths(running)).map(({ path }) => path)
  const served = patterns(running.server.printRoutes({ commonPrefix: false }))
  t.ok(served.length > 30, 'the routes were read')
  const unlisted = served.filter(
    (pattern) => !BELOW.includes(pattern) && !known.some((path) => matches(pattern).test(path)),
  )
  t.strictSame(unlisted, [])
})

test('the resource names its authorization server as that one names itself [S-AU-07]', async (t) => {
  const at = (path: string) => ask(`${running.publicUrl}/.well-known/${path}`)
  const { authorization_servers: servers } = JSON.parse((await at('oauth-protected-resource/mcp')).text)
  t.same(servers, [JSON.parse((await at('oauth-authorization-server')).text).issuer])
})

test('paths between services are protected where one process serves them all', async (t) => {
  for (const headers of [
    {},
    { authorization: `Bearer ${running.secrets.adminToken}` },
    { authorization: 'Basic eDp5' },
  ]) {
    const body = JSON.stringify({ credential: running.secrets.demoApiKey })
    const sent = { body, headers: { 'content-type': 'application/json', ...headers } }
    for (const path of BETWEEN) {
      const answer = await ask(`${running.publicUrl}${path}`, sent)
      t.equal(answer.status, 401, path)
      t.match(answer.json(), { error: 'invalid_client' })
    }
  }
})

test('an unknown path is 404 in JSON for every method, in one process', async (t) => {
  for (const path of UNKNOWN) {
    for (const method of METHODS) {
      const answer = await visit(running, path, method)
      t.equal(answer.status, 404, `${method} ${path}`)
      t.match(answer.headers['content-type'], /^application\/json\b/)
      if (method !== 'HEAD') t.match(answer.json(), { error: 'not_found' })
    }
  }
})

/** Paths of Fastify's drawing of its routes: a child's text goes on where its parent's ended. */
function patterns(drawing: string): readonly string[] {
  const parents: string[] = []
  return drawing.split('\n').flatMap((line) => {
    const [, indent = '', text = ''] = /^([│ ]*)[├└]── (.*) \([A-Z, ]+\)$/.exec(line) ?? []
    if (text === '') return []
    parents.length = indent.length / 4
    parents.push(text)
    return [parents.join('')]
  })
}

const matches = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`)
