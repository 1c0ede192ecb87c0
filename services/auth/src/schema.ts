import type { Schema } from '@gatehouse/database'

/** The tables of this service, for `DatabaseHost.migrate`. */
export const authSchema: Schema = {
  name: 'auth',
  role: 'gatehouse_auth',
  migrations: new URL('../migrations/', import.meta.url),
}
