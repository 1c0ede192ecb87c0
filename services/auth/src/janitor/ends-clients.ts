import { type Sql, sql } from '@gatehouse/database'
import type { ClientEnd } from '../clients/clients.store.ts'
import { endClient } from '../clients/end-client.ts'
import type { At, Chore } from './chore.ts'

/**
 * Ends clients that nobody registered on purpose and nobody uses: those that registered themselves, and those that are known by their
 * document, which come back by themselves. One that holds a living grant, or that an operator made, is never among them. The
 * row stays for a while, so that whoever comes with it is told to register again.
 */
export const endsClients = (reason: ClientEnd, where: (at: At) => Sql): Chore => ({
  name: `clients.${reason}`,
  batch: 50,
  async run(tx, at, limit) {
    const leaving = await tx.rows<{ readonly id: string }>(sql`
      select id from auth.clients
      where kind <> 'registered' and ended_at is null and disabled_at is null and ${where(at)}
        and not exists (select from auth.grants g where g.client_id = clients.id and g.ended_at is null)
        and not exists (select from auth.requests r where r.client_id = clients.id and r.expires_at > ${at.now})
      limit ${limit} for update skip locked`)
    for (const { id } of leaving) await endClient(tx, id, reason, at.now)
    return leaving.length
  },
})
