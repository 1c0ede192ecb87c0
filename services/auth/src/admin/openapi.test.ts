import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { decodeJwt } from 'jose'
import { t as file, test } from 'tap'
import { at, EVERY_OPERATION, filled } from '../testing/every-operation.ts'
import { ADMIN, connect, openHouse, Visitor } from '../testing/house.ts'
import { OPERATIONS } from './operations.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(120_000)

interface Described {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>
}

const JSON_TYPE = 'application/json'

test('the OpenAPI document of the admin API', async (t) => {
  const house = await openHouse(t)
  const routes: string[] = []
  const metrics = createMetrics({ process: false })
  const server = createServer({ log: silentLogger, metrics, ready: [], notFound: house.auth.notFound })
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (url.startsWith('/admin/v1') && one !== 'HEAD') routes.push(`${one} ${url.slice('/admin/v1'.length)}`)
  })
  await server.register(house.auth.app)
  await server.ready()
  t.teardown(() => server.close())

  const headers = { authorization: `Bearer ${ADMIN}` }
  const document = (await house.server.inject({ url: '/admin/v1/openapi.json', headers })).json()
  const paths: Record<string, Record<string, Described>> = document.paths
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )

  await t.test('has every route, and no other', async (t) => {
    const asRouted = described.map((one) => one.replace(/\{(\w+)\}/g, ':$1'))
    t.same(asRouted.sort(), routes.sort())
    t.ok(routes.length > 50)
  })

  await t.test('gives every operation an id of its own, its parameters, and references that resolve', async (t) => {
    const all = Object.entries(paths).flatMap(([path, of]) => Object.values(of).map((one) => ({ path, ...one })))
    t.equal(new Set(all.map(({ operationId }) => operationId)).size, all.length)
    for (const { path, parameters } of all) {
      const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)
      t.same(inPath, path.match(/\{\w+\}/g) ?? [], path)
    }
    for (const [, name = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
      t.ok(document.components.schemas[name], name)
    t.match(document.components.schemas.Error.required, ['error', 'error_description', 'request_id'])
  })

  await t.test('describes what each operation takes and answers, as each is served', async (t) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const visitor = new Visitor(house)
    await visitor.signIn()
    const people = (await house.server.inject({ url: '/admin/v1/people?email=member@acme.test', headers })).json()
    const { grant_id: grant } = decodeJwt<{ grant_id: string }>((await connect(house)).access_token)
    let known: Record<string, string> = { member: people.people[0].id, grant }
    const used = new Set<string>()
    for (const use of EVERY_OPERATION) {
      const { method, path, query, body, keeps = {} } = use
      const url = `/admin/v1${filled(path, known)}${query ? `?${new URLSearchParams(filled(query, known))}` : ''}`
      const payload = body === undefined ? undefined : filled(body, known)
      const answer = await house.server.inject({ method, url, headers, ...(payload && { payload }) })
      t.equal(answer.statusCode, 200, `${method} ${path}: ${answer.body}`)
      const operation = OPERATIONS.find((one) => one.method === method && matches(one.path, path))
      const of = paths[operation?.path ?? '']?.[method.toLowerCase()]
      if (operation === undefined || of === undefined) {
        t.fail(`${method} ${path} is described`)
        continue
      }
      used.add(`${method} ${operation.path}`)
      const judge = (schema: object | undefined, value: unknown, what: string) => {
        t.ok(schema !== undefined && ajv.validate(schema, value), `${method} ${path}: ${what}: ${ajv.errorsText()}`)
      }
      judge(of.responses['200']?.content[JSON_TYPE]?.schema, answer.json(), 'the answer')
      if (payload !== undefined && Object.keys(payload).length > 0)
        judge(of.requestBody?.content[JSON_TYPE]?.schema, payload, 'the body')
      const inQuery = of.parameters.filter((one) => one.in === 'query').map(({ name }) => name)
      for (const name of Object.keys(query ?? {})) t.ok(inQuery.includes(name), `${method} ${path}: ${name}`)
      const kept = Object.entries(keeps).map(([name, place]) => [name, String(at(answer.json(), place))])
      known = { ...known, ...Object.fromEntries(kept) }
    }
    const all = OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    t.same([...used].sort(), all.sort(), 'each was used')
  })
})

/** Whether a path with some of its parameters filled in is of that operation. */
const matches = (pattern: string, path: string): boolean => {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return wanted.length === given.length && wanted.every((part, n) => part.startsWith('{') || part === given[n])
}
