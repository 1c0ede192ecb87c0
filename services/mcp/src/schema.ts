import type { Schema } from '@gatehouse/database'

/** The tables of this service, for `DatabaseHost.migrate`. Catalogs have schemas of their own. */
export const mcpSchema: Schema = {
  name: 'mcp',
  role: 'gatehouse_mcp',
  migrations: new URL('../migrations/', import.meta.url),
}
