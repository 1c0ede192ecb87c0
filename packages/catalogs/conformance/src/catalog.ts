import { defineCatalog } from '@gatehouse/catalog'
import type { Fixtures } from './domain.ts'
import { changes } from './events.ts'
import { prompts } from './prompts.ts'
import { resources } from './resources.ts'
import { askingTools } from './tools/asking.ts'
import { contentTools } from './tools/content.ts'
import { inputRequiredTools } from './tools/input-required.ts'
import { listTools } from './tools/lists.ts'
import { schemaTools } from './tools/schemas.ts'
import { scopeTools } from './tools/scopes.ts'
import { taskTools } from './tools/tasks.ts'

/** What the official conformance suite asks of a server under test. The first tool can be called with `{}`: the suite relies on it. */
export const conformance = defineCatalog<Fixtures>({
  name: 'conformance',
  schema: { name: 'conformance', role: 'gatehouse_mcp', migrations: new URL('../migrations/', import.meta.url) },
  tools: [
    ...contentTools,
    ...askingTools,
    ...inputRequiredTools,
    ...listTools,
    ...schemaTools,
    ...taskTools,
    ...scopeTools,
  ],
  resources,
  prompts,
  changes,
  open:
    ({ db }) =>
    (principal) => ({ transact: (body) => db.asTenant(principal.tenant, body) }),
  demo: async () => undefined,
})
