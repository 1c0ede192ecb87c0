import { secret, serviceFields } from '@gatehouse/config'
import { z } from 'zod'

/** What the audit service may be told. */
export const auditConfig = z.object({
  ...serviceFields({ port: 4003, database: 'audit' }),
  GATEHOUSE_ADMIN_TOKEN: secret().describe('Bearer token of the admin API.'),
})
export type AuditConfig = z.output<typeof auditConfig>
