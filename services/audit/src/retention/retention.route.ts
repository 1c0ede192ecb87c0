import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type AdministrationDeps, administered } from '../administered.ts'
import { Refusal } from '../errors.ts'
import { readParameters } from '../events/query.ts'
import { identities_erase } from '../identities/identities.store.ts'
import { standInOf } from '../identities/stand-in.ts'
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
export function retentionRoutes(server: FastifyInstance, deps: AdministrationDeps): void {
  const { database } = deps
  const list = async () => ({ retention: await database.asPlatform('audit: retention', retention_list) })
  server.get('/admin/v1/audit/retention', list)
  server.put<{ Params: { class: string } }>('/admin/v1/audit/retention/:class', async (request) => {
    const { months } = readParameters(change, request.body)
    const kind = /^[a-z]{1,32}$/.exec(request.params.class)?.[0] ?? ''
    await administered(request, deps, { action: 'PUT /audit/retention/{class}', fields: ['months'] }, async (tx) => {
      if ((await retention_set(tx, kind, months)) === 0) throw new Refusal('class.unknown')
      return { result: undefined, concerned: [{ object: { kind: 'class', id: kind } }] }
    })
    return list()
  })
  server.post('/admin/v1/audit/erasures', async (request) => {
    const given = readParameters(erasure, request.body)
    const made = { action: 'POST /audit/erasures', fields: Object.keys(given) }
    const erased = await administered(request, deps, made, async (tx) => {
      const gone = await identities_erase(tx, given.person, given.tenant)
      // By what stands for the person: who it was is to be nowhere.
      const concerned = gone.map(({ tenant, identity }) => ({
        tenant,
        object: { kind: 'person', id: standInOf(identity) },
      }))
      return { result: gone.length, concerned }
    })
    return { erased }
  })
}
