import { z } from 'zod'
import { putRule, type RulesChanged, removeRule } from '../client-hosts/change-rules.ts'
import { client_host_list } from '../client-hosts/client-hosts.store.ts'
import { readHost } from '../client-hosts/judge-host.ts'
import { Refusal } from '../errors.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { id, subjectToken, text, time } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'

const rule = z.enum(['allow', 'deny'])
const host = text(300).describe('A host as `claude.ai`, with all below it; `localhost`; or a scheme as `cursor:`.')
const grants = z.number().int().describe('How many grants of clients that are no longer let in have ended.')

/** @throws Refusal */
function settled(changed: RulesChanged): number {
  if (changed.kind === 'changed') return changed.grants
  throw new Refusal(changed.kind === 'unknown' ? 'thing.unknown' : 'rules.too-many')
}

/** @throws Refusal */
function requireHost(text: string): string {
  const read = readHost(text)
  if (read === undefined) throw new Refusal('request.malformed', { text: 'host: neither a host nor a scheme.' })
  return read
}

/** Which clients the people of a tenant may connect. */
export const CLIENT_HOST_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/tenants/{tenant}/client-hosts',
    summary: 'List the rules about which clients people of a tenant may connect, by host',
    input: z.object({ tenant: id }),
    output: z.object({ rules: z.array(z.object({ host: z.string(), rule, createdAt: time })) }),
    run: ({ tenant }, { db }) =>
      db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const rules = await client_host_list(tx, tenant)
        return { rules: rules.map((one) => ({ ...one, createdAt: one.createdAt.toISOString() })) }
      }),
  }),
  defineOperation({
    method: 'POST',
    path: '/tenants/{tenant}/client-hosts',
    summary: 'Allow or deny the clients of a host; as soon as one is allowed, only those are. Grants of others end',
    input: z.object({ tenant: id, host, rule }),
    output: z.object({ host: z.string(), rule, grants }),
    run: async ({ tenant, host: given, rule }, { db, clock, profile }) => {
      const host = requireHost(given)
      const of = { now: new Date(clock.now()), profile }
      const changed = await db.asPlatform('admin', (tx) => putRule(tx, tenant, { host, rule }, of))
      return { host, rule, grants: settled(changed) }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/tenants/{tenant}/client-hosts/{host}',
    summary: 'Remove the rule about a host',
    input: z.object({ tenant: id, host }),
    output: z.object({ removed: z.literal(true), grants }),
    run: async ({ tenant, host: given }, { db, clock, profile }) => {
      const of = { now: new Date(clock.now()), profile }
      const changed = await db.asPlatform('admin', (tx) => removeRule(tx, tenant, requireHost(given), of))
      return { removed: true as const, grants: settled(changed) }
    },
  }),
]
