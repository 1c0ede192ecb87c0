import type { Schema } from '@gatehouse/database'

/** The tables of this service, for `DatabaseHost.migrate`. */
export const auditSchema: Schema = {
  name: 'audit',
  role: 'gatehouse_audit',
  migrations: new URL('../migrations/', import.meta.url),
}
