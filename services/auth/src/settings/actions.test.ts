import { loadProfile } from '@gatehouse/profiles'
import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import { OPERATIONS } from '../admin/operations.ts'
import { openHouse, Visitor } from '../testing/house.ts'
import { PAGE_ACTIONS } from './actions.ts'

const { paths } = loadProfile('align')
/** Of programs, not of people: they carry credentials of their own and no cookie. */
const NO_PAGES = /^\/(?:oauth\/(?!authorize$|logout$)|admin\/|internal\/)/
const routeOf = (form: string): string =>
  form.replace(/\{(\w+)\}/, (_all, name: string) => String(paths[name as keyof typeof paths]))

test('the forms of all pages', async (t) => {
  const house = await openHouse(t)
  const posts: string[] = []
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: [] })
  server.addHook('onRoute', ({ url, method, preParsing }) => {
    if (preParsing === undefined && [method].flat().includes('POST') && !NO_PAGES.test(url)) posts.push(url)
  })
  await server.register(house.auth.app)
  await server.ready()
  t.teardown(() => server.close())
  const forms = PAGE_ACTIONS.map(({ form }) => routeOf(form))

  await t.test('stand in one table', async (t) => {
    t.same([...forms].sort(), [...posts].sort())
  })

  await t.test(
    'do nothing that an operator could not do over the admin API, but what is the person’s own',
    async (t) => {
      const offered = new Set(OPERATIONS.map(({ method, path }) => `${method} ${path}`))
      for (const { form, operation, command, personal } of PAGE_ACTIONS) {
        t.equal(operation === undefined, personal !== undefined, `${form}: either, and not both`)
        t.equal(command === undefined, operation === undefined, `${form}: on the command line too`)
        if (operation !== undefined) t.ok(offered.has(operation), `${form}: ${operation}`)
      }
    },
  )

  await t.test(
    'refuse what another site posts, with the cookie or without, and a form without its token',
    async (t) => {
      const visitor = new Visitor(house)
      await visitor.signIn('owner@acme.test')
      const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/settings/profile')).body)?.[1] ?? ''
      for (const form of forms) {
        const path = form.replace(':provider', 'corp')
        // What makes it a form of ours, as far as it can be known from outside.
        const fields = { csrf, decision: 'approve', transaction: 'x', client_hint: 'x' }
        const refused = async (given: Record<string, string>, headers: Record<string, string>, why: string) => {
          const answer = await visitor.post(path, given, headers)
          t.equal(answer.statusCode, 403, `${path}: ${why}`)
          t.match(answer.body, 'This form could not be accepted', path)
        }
        await refused(fields, { 'sec-fetch-site': 'cross-site' }, 'from another site')
        await refused(fields, { 'sec-fetch-site': 'same-site' }, 'from a neighbour')
        await refused(fields, { origin: 'https://evil.example' }, 'by its origin')
        await refused({ ...fields, csrf: 'x'.repeat(43) }, {}, 'with another token')
        await refused({ ...fields, csrf: '' }, {}, 'without a token')
      }
      t.equal((await visitor.get('/settings/profile')).statusCode, 200, 'nothing has happened')
    },
  )
})
