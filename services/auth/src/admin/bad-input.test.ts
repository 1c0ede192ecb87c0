import { decodeJwt } from 'jose'
import { t as file, test } from 'tap'
import { EVERY_OPERATION, filled } from '../testing/every-operation.ts'
import { ADMIN, connect, type House, openHouse } from '../testing/house.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(170_000)

interface Schema {
  readonly type?: string | readonly string[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly schema: Schema
}

interface Described {
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
  readonly responses: Readonly<Record<string, unknown>>
}

interface Sent {
  readonly what: string
  readonly url: string
  readonly payload?: string
  readonly type?: string
}

const NUL = 'a\u0000b'
const HALF = 'a\ud800b'
const LONG = 'x'.repeat(10_000)
const DEEP = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`)

/** What no field can be glad of, or only one of its type. */
const STRANGE: readonly unknown[] = [
  ...[
    '',
    NUL,
    HALF,
    LONG,
    '\u202e',
    "'; drop table auth.tenants; --",
    '0000-00-00T00:00:00Z',
    '+275760-09-13T00:00:00Z',
  ],
  ...[
    -1,
    1.5,
    1e308,
    2 ** 53,
    true,
    null,
    DEEP,
    { [NUL]: NUL },
    { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: NUL }] },
  ],
  ...[[], [null], [NUL, HALF], Array.from({ length: 500 }, () => 'x'), [{ name: NUL, text: HALF }]],
  [{ kty: 'EC', crv: 'P-256', x: NUL, y: HALF }],
]
const IN_PATH = ['a%00b', '%ED%A0%80', '%ff', '..%2f..', '%20', 'unknown', 'x'.repeat(3_000)]
const IN_QUERY = ['', '%00', '%ED%A0%80', 'x'.repeat(5_000), '-1', '9'.repeat(30)]
const BODIES = ['', '{', 'null', '[]', '"x"', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}']

/** A value that a field takes as far as its schema says. */
function fitting({ type, items, properties = {}, required = [], enum: choices, anyOf }: Schema): unknown {
  if (choices !== undefined) return choices[0]
  if (anyOf?.[0] !== undefined) return fitting(anyOf[0])
  if (type === 'array') return items === undefined ? [] : [fitting(items)]
  if (type === 'object') return Object.fromEntries(required.map((name) => [name, fitting(properties[name] ?? {})]))
  return { boolean: false, integer: 100, number: 100, null: null }[String(type)] ?? 'x'
}

/** Every bad request of an operation: each place of it in turn, the others as they should be. */
function* badRequests(method: string, path: string, of: Described, known: Known): Generator<Sent> {
  const inPath = of.parameters.filter((one) => one.in === 'path')
  const inQuery = of.parameters.filter((one) => one.in === 'query')
  const schema = of.requestBody?.content['application/json'].schema
  const place = (changed: Readonly<Record<string, string>> = {}) =>
    path.replace(/\{(\w+)\}/g, (_all, name: string) => changed[name] ?? known.ids[name] ?? 'unknown')
  const good = schema && { ...(fitting(schema) as object), ...known.bodies[`${method} ${path}`] }
  const json = (value: unknown) => ({ payload: JSON.stringify(value), type: 'application/json' })
  const body = good === undefined ? {} : json(good)
  for (const { name } of inPath)
    for (const bad of IN_PATH) yield { what: `${name} ${bad.slice(0, 20)}`, url: place({ [name]: bad }), ...body }
  // Of another tenant, and of another kind.
  for (const { name } of inPath)
    for (const [kind, other] of Object.entries(known.ids))
      if (method !== 'DELETE' || kind !== name)
        yield { what: `${name} is a ${kind}`, url: place({ [name]: other }), ...body }
  const needed = inQuery.filter(({ required }) => required).map(({ name }) => `${name}=x`)
  for (const { name } of [...inQuery, { name: 'nobody-knows' }]) {
    for (const bad of IN_QUERY)
      yield {
        what: `?${name} ${bad.slice(0, 20)}`,
        url: `${place()}?${[...needed, `${name}=${bad}`].join('&')}`,
        ...body,
      }
    yield { what: `?${name} as object`, url: `${place()}?${name}[a]=b&${name}=x&${name}=y`, ...body }
  }
  if (good === undefined) return
  for (const text of BODIES) yield { what: text, url: place(), payload: text, type: 'application/json' }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])
    yield { what: type, url: place(), payload: 'a=b', type }
  for (const name of Object.keys(schema?.properties ?? {})) {
    for (const bad of STRANGE)
      yield { what: `${name} ${JSON.stringify(bad).slice(0, 40)}`, url: place(), ...json({ ...good, [name]: bad }) }
  }
}

interface Known {
  readonly ids: Readonly<Record<string, string>>
  readonly bodies: Readonly<Record<string, object>>
}

/** Things that there are and bodies that are good, so that what is looked at is the bad rest. */
async function knownThings(house: House): Promise<Known> {
  const ask = async (method: 'GET' | 'POST', path: string, payload?: object) => {
    const headers = { authorization: `Bearer ${ADMIN}` }
    return (await house.server.inject({ method, url: `/admin/v1${path}`, headers, ...(payload && { payload }) })).json()
  }
  const tenant = house.tenants[0]?.id ?? ''
  const profiled = { plan: 'business', role: 'member' }
  const person = async (email: string): Promise<string> => (await ask('GET', `/people?email=${email}`)).people[0].id
  const scopes = [{ name: 'reports:read', text: 'Read reports' }]
  const ids = {
    tenant,
    person: await person('member@acme.test'),
    stranger: await person('owner@globex.test'),
    client: (await ask('POST', '/clients', { name: 'Web', redirectUris: ['https://web.example/cb'] })).id,
    key: (await ask('POST', `/tenants/${tenant}/api-keys`, { name: 'nightly', scopes: ['mcp:read'] })).id,
    resource: (await ask('POST', '/resources', { identifier: 'https://reports.example', name: 'R', scopes })).id,
    ring: (await ask('GET', '/keyrings')).keyrings[0].ring,
    grant: decodeJwt<{ grant_id: string }>((await connect(house)).access_token).grant_id,
  }
  const uses = EVERY_OPERATION.flatMap(({ method, path, body }) =>
    body === undefined
      ? []
      : [[`${method} ${path.replace('/corp', '/{provider}')}`, filled(body, { ...ids, ...profiled })] as const],
  )
  // The first use of an operation is the one with the most in it.
  return { ids, bodies: Object.fromEntries(uses.reverse()) }
}

test('no bad input is answered with a fault of ours: every place of every operation of the document', async (t) => {
  const house = await openHouse(t)
  const headers = { authorization: `Bearer ${ADMIN}` }
  const { paths } = (await house.server.inject({ url: '/admin/v1/openapi.json', headers })).json()
  const known = await knownThings(house)
  let refused = 0
  for (const [path, methods] of Object.entries<Record<string, Described>>(paths)) {
    for (const [method, of] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`
      const wrong: string[] = []
      for (const { what, url, payload, type } of badRequests(method.toUpperCase(), path, of, known)) {
        const answer = await house.server.inject({
          method: method.toUpperCase() as 'GET',
          url: `/admin/v1${url}`,
          headers: { ...headers, ...(type !== undefined && { 'content-type': type }) },
          ...(payload !== undefined && { payload }),
        })
        const { statusCode: status } = answer
        if (status >= 400) refused += 1
        const told = status < 400 || isRefusal(answer.body)
        const foretold = status in of.responses || (status === 404 && /%|\.\.|x{100}/.test(url))
        if (status >= 500 || !told || !foretold) wrong.push(`${what}: ${status} ${answer.body.slice(0, 200)}`)
      }
      t.same(wrong, [], name)
    }
  }
  t.ok(refused > 1_000, `${refused} were refused`)
  t.equal((await house.server.inject({ url: '/admin/v1/tenants', headers })).statusCode, 200, 'and it goes on')
})

/** In the words of the API, with nothing of our insides. */
function isRefusal(body: string): boolean {
  const { error, error_description, request_id } = JSON.parse(body) as Record<string, unknown>
  return (
    [error, error_description, request_id].every((one) => typeof one === 'string') && !/\.ts:\d|SQLSTATE/.test(body)
  )
}
