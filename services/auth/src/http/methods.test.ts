import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import { ADMIN, openHouse } from '../testing/house.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Where browsers of other sites may come (checklist section 27). */
const FOR_OTHER_SITES = [
  /^\/\.well-known\//,
  /\/\.well-known\/[a-z-]+$/,
  /^\/oauth\/(token|clients|revoke|par|userinfo)$/,
]

test('every path of the service', async (t) => {
  const house = await openHouse(t)
  const routes = new Map<string, Set<string>>()
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: [] })
  server.addHook('onRoute', ({ url, method, handler, preParsing }) => {
    // Endpoints have a route of their own for the methods that they refuse.
    if (preParsing !== undefined && handler !== undefined) return
    const methods = routes.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    routes.set(url, methods)
  })
  await server.register(house.auth.app)
  await server.ready()
  t.teardown(() => server.close())
  const paths = [...routes].map(([url, methods]) => ({ path: url.replace(/:[a-zA-Z]+/g, 'some-thing'), url, methods }))
  t.ok(paths.length > 30)
  const ask = (method: (typeof METHODS)[number], url: string) =>
    server.inject({ method, url, headers: { origin: 'https://app.example', authorization: `Bearer ${ADMIN}` } })

  await t.test('answers another method than its own with 405 and Allow [A-TP-07]', async (t) => {
    for (const { path, url, methods } of [
      ...paths,
      ...['/healthz', '/readyz', '/metrics'].map((one) => ({ path: one, url: one, methods: new Set(['GET', 'HEAD']) })),
    ]) {
      for (const method of METHODS.filter((one) => !methods.has(one))) {
        const answer = await ask(method, path)
        t.equal(answer.statusCode, 405, `${method} ${url}`)
        t.same(new Set(String(answer.headers.allow).split(', ')), methods, `${method} ${url}`)
      }
    }
  })

  await t.test(
    'says to other sites what it is there for, and nothing else [A-CO-01, A-CO-02, A-CO-05, A-CO-06]',
    async (t) => {
      for (const { path, url, methods } of paths) {
        const open = FOR_OTHER_SITES.some((pattern) => pattern.test(url))
        const answer = await ask('OPTIONS', path)
        t.equal(answer.statusCode, open ? 204 : 405, url)
        t.equal(answer.headers['access-control-allow-origin'], open ? '*' : undefined, url)
        t.equal(
          answer.headers['access-control-allow-methods'],
          open ? [...methods].filter((one) => one !== 'OPTIONS').join(', ') : undefined,
          url,
        )
        for (const method of METHODS) {
          const { headers } = await ask(method, path)
          t.equal(headers['access-control-allow-origin'], open ? '*' : undefined, `${method} ${url}`)
          t.notOk('access-control-allow-credentials' in headers, url)
        }
      }
    },
  )

  await t.test('is told to be reached by https only where the public address is [A-TP-09]', async (t) => {
    for (const { path, url } of paths) {
      const { headers } = await ask('GET', path)
      if (!routes.get(url)?.has('GET')) continue
      t.match(headers, { 'strict-transport-security': /^max-age=\d{8}$/, 'x-content-type-options': 'nosniff' }, url)
      if (/^text\/html/.test(String(headers['content-type']))) {
        t.match(headers, {
          'content-security-policy': /^default-src 'none'.*frame-ancestors 'none'/,
          'referrer-policy': 'no-referrer',
          'permissions-policy': String,
          'cache-control': 'no-store',
        })
      }
    }
    const plain = await openHouse(t, { deps: { publicUrl: 'http://localhost:4000' } })
    const { headers } = await plain.server.inject({ url: '/sign-in' })
    t.notOk('strict-transport-security' in headers)
  })
})
