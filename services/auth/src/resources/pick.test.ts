import { test } from 'tap'
import { Params } from '../http/form.ts'
import { namedResources, pickResource } from './pick.ts'
import type { Resources } from './registry.ts'
import type { Resource } from './resources.store.ts'

const resource = (identifier: string) => ({ identifier }) as Resource
const ALL = ['https://a.example/mcp', 'https://a.example/sse', 'https://a.example/api'].map(resource)
const [MCP, SSE, API] = ALL.map(({ identifier }) => identifier) as [string, string, string]
const RESOURCES: Resources = {
  all: ALL,
  byDefault: resource(MCP),
  find: (name) => ALL.find(({ identifier }) => identifier === name.replace(/\/$/, '')),
}

/** named, bound → the one that the token is for, or why there is none */
const CASES: readonly (readonly [readonly string[], readonly string[], string])[] = [
  [[], [MCP], MCP],
  [[MCP], [MCP], MCP],
  [[`${MCP}/`], [MCP], MCP],
  [[MCP, `${MCP}/`], [MCP], MCP],
  [[SSE], [MCP, SSE], SSE],
  [[], [MCP, SSE], 'resource.several'],
  [[MCP, SSE], [MCP, SSE], 'resource.several'],
  [[SSE], [MCP], 'resource.unknown'],
  [[MCP, API], [MCP, SSE], 'resource.unknown'],
  [['https://b.example'], [MCP], 'resource.unknown'],
  [['mcp'], [MCP], 'resource.malformed'],
  [[`${MCP}#x`], [MCP], 'resource.malformed'],
  [[], ['https://gone.example'], 'resource.unknown'],
]

test('a token is for one resource of those that were bound, whatever spelling names it [A-RI-02, A-RI-04, A-RI-05, A-RF-08]', async (t) => {
  for (const [named, bound, expected] of CASES) {
    const form = new Params(new URLSearchParams(named.map((name): [string, string] => ['resource', name])))
    const picked = pickResource(namedResources(form, RESOURCES), bound, RESOURCES)
    t.equal(typeof picked === 'string' ? picked : picked.identifier, expected, JSON.stringify([named, bound]))
  }
})
