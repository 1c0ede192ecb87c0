import { type Catalog, defineTool, type Offer } from '@gatehouse/catalog'
import type { Principal } from '@gatehouse/policy'
import { test } from 'tap'
import { z } from 'zod'
import { notesCatalog } from '../testing/notes-catalog.ts'
import { PROFILE } from '../testing/rig.ts'
import { buildRegistry, RegistryError } from './build.ts'

const [first] = notesCatalog.tools
const [firstResource] = notesCatalog.resources
if (first === undefined || firstResource === undefined) throw new Error('the catalog of the tests is empty')

const faultsOf = (over: Partial<Catalog>): readonly string[] => {
  try {
    buildRegistry(PROFILE, [{ catalog: { ...notesCatalog, ...over }, domain: () => ({}) }])
    return []
  } catch (error) {
    if (error instanceof RegistryError) return error.faults
    throw error
  }
}

test('a catalog that does not fit the profile stops the start, with every fault at once', async (t) => {
  const faults = faultsOf({
    tools: [
      first,
      first,
      { ...first, name: 'a b' },
      { ...first, name: 'n'.repeat(65) },
      { ...first, name: 'x', scopes: ['notes:delete'] },
      { ...first, name: 'y', permissions: ['notes:fly'] },
      { ...first, name: 'z', cost: 0 },
    ],
    resources: [firstResource, { ...firstResource, name: 'again' }, { ...firstResource, name: 'odd', path: 'a//b' }],
  })
  t.equal(faults.length, 8, faults.join('\n'))
  t.match(faults.join('\n'), /tool notes_list: the name is taken/)
  t.match(faults.join('\n'), /tool x: scope notes:delete is not in the profile/)
  t.match(faults.join('\n'), /tool y: no role of the profile gives permission notes:fly/)
})

test('names are unique, of the allowed characters and at most 64 long [S-TL-03]', async (t) => {
  t.same(faultsOf({}), [])
  for (const name of ['', 'a/b', 'ä', 'n'.repeat(65)])
    t.equal(faultsOf({ tools: [{ ...first, name }] }).length, 1, name)
})

test('first calls of a tool fit its arguments, or the start stops', async (t) => {
  const example = (given: object) => [{ when: 'One wants few', arguments: { ...given } }]
  t.same(faultsOf({ tools: [{ ...first, examples: example({ limit: 5 }) }] }), [])
  t.same(faultsOf({ tools: [{ ...first, examples: example({ limit: 'five' }) }] }), [
    'tool notes_list: the example “One wants few” does not fit its arguments',
  ])
})

test('a domain is given what all catalogs offer its principal, by the decision that calls ask too [O11]', async (t) => {
  let offered: Offer | undefined
  const catalogs = [
    { catalog: notesCatalog as unknown as Catalog, domain: () => ({}) },
    {
      catalog: {
        ...notesCatalog,
        name: 'guide',
        tools: [{ ...first, name: 'guide' }],
        resources: [],
      } as unknown as Catalog,
      domain: (_principal: Principal, offer: Offer) => {
        offered = offer
        return {}
      },
    },
  ]
  const registry = buildRegistry(PROFILE, catalogs)
  const offerTo = (roles: readonly string[], scopes: readonly string[]): Offer => {
    const facts = { tenant: 'acme', kind: 'person', subject: 'p', credential: 'oauth', credentialId: 'j' } as const
    registry.tools.get('guide')?.domain({ ...facts, roles, scopes: new Set(scopes), issuedAt: 0, expiresAt: 1 })
    if (offered === undefined) throw new Error('the domain was not opened')
    return offered
  }
  const names = (offer: Offer) => offer.tools.map(({ name }) => name)
  t.same(
    names(offerTo(['owner'], ['notes:write'])),
    [...registry.tools.keys()],
    'of every catalog, in the order of the lists',
  )
  t.same(names(offerTo(['viewer'], ['notes:read'])).includes('notes_create'), false)
  t.ok(names(offerTo(['viewer'], ['notes:read'])).includes('notes_list'))
  t.same(names(offerTo(['owner'], [])), [])
  const addresses = (offer: Offer) => offer.resources.map(({ uri }) => uri)
  t.same(
    addresses(offerTo(['owner'], ['notes:read'])),
    ['notes://notes', 'notes://notes/{id}'],
    'with the scheme of the profile',
  )
  t.ok(addresses(offerTo(['owner'], ['notes:write'])).includes('notes://drafts'))
})

const mirrored = (member: z.ZodType) =>
  faultsOf({ tools: [defineTool<object>()({ ...first, name: 'mirrored', input: z.object({ region: member }) })] })

test('a mirrored parameter is declared to the letter, or the start stops [S-HV-23, S-HV-24, S-HV-25, S-HV-26]', async (t) => {
  const header = (name: unknown) => ({ 'x-mcp-header': name })
  t.same(mirrored(z.string().meta(header('Region'))), [])
  t.same(mirrored(z.int().optional().meta(header('Region'))), [])
  t.same(mirrored(z.object({ inner: z.boolean().meta(header('X-1')) })), [], 'nested by properties alone')
  for (const [what, member] of [
    ['empty', z.string().meta(header(''))],
    ['no text', z.string().meta(header(5))],
    ['no token', z.string().meta(header('a b'))],
    ['a control character', z.string().meta(header('a\n'))],
    ['a number', z.number().meta(header('Region'))],
    ['an object', z.object({}).meta(header('Region'))],
    ['inside an array', z.array(z.string().meta(header('Region')))],
    ['inside a choice', z.union([z.string().meta(header('Region')), z.int()])],
    ['a secret', z.string().meta(header('Api-Key'))],
    ['twice', z.object({ a: z.string().meta(header('Region')), b: z.string().meta(header('REGION')) })],
  ] as const) {
    t.match(mirrored(member), [/x-mcp-header/], what)
  }
})

test('a schema that a catalog brings itself is listed as it is, and held to the same rules [S-TL-05, S-JS-01, S-JS-02]', async (t) => {
  const raw = (inputSchema: Record<string, unknown>) =>
    defineTool<object>()({ ...first, name: 'raw', input: z.object({}), inputSchema })
  const $schema = 'https://json-schema.org/draft/2020-12/schema'
  const good = {
    $schema,
    type: 'object',
    $defs: { a: { $anchor: 'x' } },
    properties: { pair: { prefixItems: [{ $ref: '#/$defs/a' }], unevaluatedItems: false } },
    if: {},
    else: false,
    additionalProperties: false,
    unevaluatedProperties: false,
  }
  const registry = buildRegistry(PROFILE, [{ catalog: { ...notesCatalog, tools: [raw(good)] }, domain: () => ({}) }])
  t.equal(registry.tools.get('raw')?.inputSchema, good)
  for (const bad of [
    { type: 'string' },
    { type: 'object', $schema: 'http://json-schema.org/draft-04/schema#' },
    { type: 'object', properties: { a: { $ref: 'https://elsewhere.example/s' } } },
  ]) {
    t.equal(faultsOf({ tools: [raw(bad)] }).length, 1, JSON.stringify(bad))
  }
})

test('no schema refers to anything outside itself [S-JS-04] [S-JS-05]', async (t) => {
  const tool = {
    ...first,
    name: 'remote',
    input: z.object({ a: z.string().meta({ $ref: 'https://canary.example/s' }) }),
  }
  t.match(faultsOf({ tools: [tool] }), [/leaves the document/])
})

test('a pattern with which one text can hold up a node stops the start; others are tried in milliseconds [S-JS-07]', async (t) => {
  const taking = (pattern: RegExp) =>
    faultsOf({ tools: [{ ...first, name: 'evil', input: z.object({ a: z.string().regex(pattern) }) }] })
  for (const evil of [/^(a+)+$/, /^(ab|a|b)*$/, /\d+$/]) {
    t.match(taking(evil), [/takes too long for some texts/], evil.source)
  }
  for (const good of [/^[A-Z]{2}$/, /^\d{1,14}(\.\d{1,2})?$/, /^([a-z0-9]+-)*[a-z0-9]+$/, /^[^\0]*$/u]) {
    t.same(taking(good), [], good.source)
  }
  const inputSchema = { type: 'object', patternProperties: { '^(a+)+$': {} } }
  t.match(faultsOf({ tools: [{ ...first, name: 'evil', input: z.object({}), inputSchema }] }), [/takes too long/])
  for (const format of [z.email(), z.url(), z.uuid(), z.iso.datetime(), z.iso.date(), z.ipv4(), z.e164()]) {
    t.same(faultsOf({ tools: [{ ...first, name: 'good', input: z.object({ a: format }) }] }), [])
  }
})

test('an event makes each URI stale once, by the catalog that declares it', async (t) => {
  const registry = buildRegistry(PROFILE, [{ catalog: notesCatalog, domain: () => ({}) }])
  const event = {
    specversion: '1.0' as const,
    id: '1',
    source: '/x',
    time: '2026-01-01T00:00:00Z',
    datacontenttype: 'application/json' as const,
    tenantid: 'acme',
    data: { id: 'n1' },
  }
  t.same(registry.changedBy({ ...event, type: 'gatehouse.note.changed.v1' }), ['notes://notes', 'notes://notes/n1'])
  t.same(registry.changedBy({ ...event, type: 'gatehouse.note.other.v1' }), [])
  t.same(registry.changedBy({ ...event, type: 'gatehouse.note.changed.v1', data: { id: 5 } }), [])
})
