import { billingPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { owner_list } from '../accounts/members.store.ts'
import { sendAway } from '../authorize/answer.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { forSignedIn, type SignedInDeps, surroundings, tenantOf } from '../interaction/signed-in.ts'
import { membership_list_of_person } from '../people/people.store.ts'
import { ORGANISATION_PATH } from '../sessions/organisation.ts'
import { judgeAccess, pathOf } from './access.ts'

/** Where members of a suspended organisation land, and read who can help; everybody else is sent to the start. */
export function billingRoutes(server: FastifyInstance, deps: SignedInDeps): void {
  const { profile, db, pages } = deps
  addEndpoint(server, {
    path: pathOf('billing', profile),
    get: forSignedIn(deps, async (who, _request, reply) => {
      if (judgeAccess('billing', who.selected, profile) !== 'open') return sendAway(reply, '/')
      const { tenantId, tenantName } = tenantOf(who)
      const { owners, all } = await db.asPlatform('page', async (tx) => ({
        owners: await owner_list(tx, tenantId),
        all: await membership_list_of_person(tx, who.session.personId, deps.home?.tenantId),
      }))
      const markup = billingPage({
        ...surroundings(who, 'billing', profile),
        csrf: who.browser.csrf,
        tenant: { name: tenantName },
        text: profile.settings.suspended,
        owners,
        others: all
          .filter((one) => one.tenantId !== tenantId)
          .map((one) => ({ id: one.tenantId, name: one.tenantName, role: one.role })),
        switchTo: { action: ORGANISATION_PATH, csrf: who.browser.csrf },
      })
      return pages.send(reply, markup)
    }),
  })
}
