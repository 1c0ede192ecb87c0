import type { Database } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { readParameters } from '../events/query.ts'
import { identities_erase } from '../identities/identities.store.ts'
import { retention_list, retention_set } from './retention.store.ts'

const change = z.strictObject({
  months: z.int().min(1).max(1_200).nullable().describe('Whole months after the one of the event; null = for ever.'),
})
const id = z
  .string()
  .min(1)
  .max(512)
  .refine((text) => !text.includes('\0'), 'must not contain the NUL character')
const erasure = z.strictObject({
  person: id.describe('Id of the person.'),
  tenant: id.optional().describe('Only in the log of this tenant; absent: in all.'),
})

/** How long events are kept, and who is in them no longer. */
export function retentionRoutes(server: FastifyInstance, database: Database): void {
  const list = async () => ({ retention: await database.asPlatform('audit: retention', retention_list) })
  server.get('/admin/v1/audit/retention', list)
  server.put<{ Params: { class: string } }>('/admin/v1/audit/retention/:class', async (request) => {
    const { months } = readParameters(change, request.body)
    const kind = /^[a-z]{1,32}$/.exec(request.params.class)?.[0] ?? ''
    const found = await database.asPlatform('audit: retention', (tx) => retention_set(tx, kind, months))
    if (found === 0) throw new Refusal('class.unknown')
    request.log.info({ class: kind, months }, 'retention changed')
    return list()
  })
  server.post('/admin/v1/audit/erasures', async (request) => {
    const { person, tenant } = readParameters(erasure, request.body)
    const logs = await database.asPlatform('audit: erasure', (tx) => identities_erase(tx, person, tenant))
    request.log.info({ logs }, 'a person was erased from the audit log')
    return { erased: logs }
  })
}
