import { loadProfile } from '@gatehouse/profiles'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'tap'
import { loadCatalogs } from '../load-catalogs.ts'
import { jobsCatalog } from '../testing/jobs-catalog.ts'
import { notesCatalog } from '../testing/notes-catalog.ts'
import { PROFILE } from '../testing/rig.ts'
import { talksCatalog } from '../testing/talks-catalog.ts'
import { buildRegistry, type RegisteredTool } from './build.ts'

/** A validator of JSON Schema 2020-12, the dialect where none is named; it knows the one keyword of MCP. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, addUsedSchema: false })
ajv.addKeyword('x-mcp-header')

async function registries() {
  const shipped = ['align', 'orgonaut', 'azalt', 'audigyd', 'conformance'].map(async (name) => {
    const profile = loadProfile(name)
    const catalogs = await loadCatalogs(profile.catalogs, { from: '.', production: false })
    return buildRegistry(
      profile,
      catalogs.map((catalog) => ({ catalog, domain: () => ({}) })),
    )
  })
  const own = [notesCatalog, talksCatalog, jobsCatalog].map((catalog) =>
    buildRegistry(PROFILE, [{ catalog, domain: () => ({}) } as never]),
  )
  return [...(await Promise.all(shipped)), ...own]
}

const schemasOf = ({ inputSchema, outputSchema }: RegisteredTool) =>
  outputSchema === undefined ? [inputSchema] : [inputSchema, outputSchema]

test('every schema that is listed is valid in its dialect, 2020-12 [S-JS-01, S-JS-03]', async (t) => {
  let count = 0
  for (const { tools } of await registries()) {
    for (const [name, tool] of tools) {
      for (const schema of schemasOf(tool)) {
        t.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`)
        t.doesNotThrow(() => ajv.compile(schema), name)
        count += 1
      }
    }
  }
  t.ok(count > 40, `${count} schemas`)
  t.notOk(ajv.validateSchema({ type: 'object', properties: 5 }), 'the validator looks')
})

/** Values near to what tools take, most of which they do not. */
const PROBES: readonly unknown[] = [
  {},
  { limit: 1 },
  { limit: 0 },
  { limit: 101 },
  { limit: '1' },
  { text: '' },
  { text: 'x' },
  { text: 'x'.repeat(201) },
  { count: 1.5 },
  { count: 1_000 },
  { how: 'good' },
  { how: 'other' },
  { region: null },
  { place: { row: 'x' } },
  { place: { row: 1 }, zone: 'z', dry: true },
  { what: 1 },
  { note: 'x', ms: -1 },
  { loud: 'yes' },
]

test('what a listed schema says of arguments is what the tool does with them [S-JS-01]', async (t) => {
  for (const catalog of [notesCatalog, talksCatalog, jobsCatalog]) {
    for (const [name, { tool, inputSchema }] of buildRegistry(PROFILE, [{ catalog, domain: () => ({}) } as never])
      .tools) {
      const fits = ajv.compile(inputSchema)
      for (const probe of PROBES) {
        t.equal(fits(probe), tool.input.safeParse(probe).success, `${name}: ${JSON.stringify(probe).slice(0, 60)}`)
      }
    }
  }
})
