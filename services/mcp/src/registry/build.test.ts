import { type Catalog, defineTool } from '@gatehouse/catalog'
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

test('a parameter that promises a mirrored header stops the start, since the header would not be checked', async (t) => {
  const tool = defineTool<object>()({
    ...first,
    name: 'mirrored',
    input: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
  })
  t.match(faultsOf({ tools: [tool] }), [/x-mcp-header/])
})

test('no schema refers to anything outside itself [S-JS-04] [S-JS-05]', async (t) => {
  const tool = {
    ...first,
    name: 'remote',
    input: z.object({ a: z.string().meta({ $ref: 'https://canary.example/s' }) }),
  }
  t.match(faultsOf({ tools: [tool] }), [/leaves the document/])
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
