import { followsSelection } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import { appendAudited } from '../audit/append.ts'
import { sendAway } from '../authorize/answer.ts'
import { endNotLetIn } from '../client-hosts/let-in.ts'
import { appendSwitch } from '../feed/append.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import { forSignedIn, type SignedInDeps } from '../interaction/signed-in.ts'
import { membership_get, membership_selected, person_select_tenant } from '../people/people.store.ts'

export const ORGANISATION_PATH = '/settings/organisation'

/**
 * Selects the organisation that the pages show and new authorizations are for. Where tokens follow it, every node hears of it: within a second
 * calls run there, and what was open elsewhere has ended.
 */
export function organisationRoutes(server: FastifyInstance, deps: SignedInDeps): void {
  const { profile, db, clock, browsers } = deps
  addEndpoint(server, {
    path: ORGANISATION_PATH,
    bodyLimit: 8 * 1024,
    get: async (_request, reply) => sendAway(reply, '/'),
    post: forSignedIn(deps, async ({ session: { personId } }, request, reply) => {
      const form = readForm(request)
      browsers.requireOwnForm(request, form.get('csrf'))
      const tenant = form.get('tenant') ?? ''
      const now = new Date(clock.now())
      await db.asPlatform('organisation', async (tx) => {
        const membership = await membership_get(tx, personId, tenant)
        if (membership === undefined) throw new PageFault('thing.unknown')
        const before = await membership_selected(tx, personId)
        const changed = await person_select_tenant(tx, personId, tenant, now)
        if (!changed || before?.tenantId === tenant) return
        if (followsSelection(profile)) {
          await endNotLetIn(tx, { personId, tenantId: tenant, now, profile })
          await appendSwitch(tx, { personId, tenantId: tenant, role: membership.role })
        }
        const actor = { kind: 'person', id: personId } as const
        await appendAudited(tx, 'organisationSwitched', { tenant, actor, outcome: 'succeeded', now })
        request.log.info({ person: personId, tenant }, 'organisation switched')
      })
      return sendAway(reply, '/')
    }),
  })
}
