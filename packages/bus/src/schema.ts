import type { Schema } from '@gatehouse/database'

/** The tables of the embedded driver, for `DatabaseHost.migrate`. */
export const busSchema: Schema = {
  name: 'bus',
  role: 'gatehouse_bus',
  migrations: new URL('../migrations/', import.meta.url),
}
