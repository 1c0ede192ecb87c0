import { readdirSync } from 'node:fs'
import type { Catalog } from '@gatehouse/catalog'
import { loadCatalogs } from '@gatehouse/mcp'
import { loadProfile } from '@gatehouse/profiles'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { test } from 'tap'
import { z } from 'zod'

/** Of one tool, and of all tools of a profile: what a model has to read before it does anything. */
const TOOL = 350
const PROFILE = 6_000
const LARGE: Readonly<Record<string, number>> = { azalt: 12_000 }

/** What clients hand to their model. Titles are for people, the dialect and the result's schema for the client itself. */
function shown({ name, description, input, inputSchema }: Catalog['tools'][number]) {
  const { $schema: _dialect, ...schema } = inputSchema ?? z.toJSONSchema(input, { io: 'input' })
  return { name, description, inputSchema: schema }
}

const tokens = (value: unknown): number => encode(JSON.stringify(value)).length

const profiles = readdirSync(new URL('../../profiles/profiles/', import.meta.url))
  .map((file) => file.replace(/\.yaml$/, ''))
  // Its tools are the official suite's.
  .filter((name) => name !== 'conformance')

for (const name of profiles) {
  test(`the tools of ${name} are inside their budget of tokens`, async (t) => {
    const catalogs = await loadCatalogs(loadProfile(name).catalogs, { from: process.cwd(), production: true })
    const tools = catalogs.flatMap((catalog) => catalog.tools)
    const counted = tools.map((tool) => ({ name: tool.name, count: tokens(shown(tool)) }))
    for (const { name, count } of counted) t.ok(count <= TOOL, `${name}: ${count} tokens are at most ${TOOL}`)
    const whole = tokens(tools.map(shown))
    const most = LARGE[name] ?? PROFILE
    t.ok(whole <= most, `${name}: ${whole} tokens are at most ${most}`)
    const largest = counted.reduce((a, b) => (b.count > a.count ? b : a))
    t.comment(`${name}: ${tools.length} tools, ${whole} tokens; the largest is ${largest.name} with ${largest.count}`)
  })
}
