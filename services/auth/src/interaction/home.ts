import { homePage } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import { ownClients } from '../clients/own-clients.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { membership_list_of_person } from '../people/people.store.ts'
import { ORGANISATION_PATH } from '../sessions/organisation.ts'
import { hasMcp, judgeAccess, pathOf } from '../settings/access.ts'
import { forPage, type SignedInDeps, surroundings } from './signed-in.ts'

/** What a person gets who opens the bare address: where to connect an application. */
export function homeRoutes(server: FastifyInstance, deps: SignedInDeps): void {
  const { profile, publicUrl, db, pages } = deps
  addEndpoint(server, {
    path: '/',
    get: forPage('connect', deps, async (who, _request, reply) => {
      const { session, browser, selected } = who
      const all = await db.asPlatform('page', (tx) =>
        membership_list_of_person(tx, session.personId, deps.home?.tenantId),
      )
      return pages.send(
        reply,
        homePage({
          ...surroundings(who, 'connect', profile),
          tenant: { name: selected?.tenantName ?? 'None', role: selected?.role },
          others: all
            .filter(({ tenantId }) => tenantId !== selected?.tenantId)
            .map(({ tenantId, tenantName, role }) => ({ id: tenantId, name: tenantName, role })),
          switchTo: { action: ORGANISATION_PATH, csrf: browser.csrf },
          mcpUrl: hasMcp(profile, selected) ? `${publicUrl}${profile.paths.mcp}` : undefined,
          keysOnly: !profile.credentials.includes('oauth'),
          appsHref:
            judgeAccess('authorizedApps', selected, profile) === 'open' ? pathOf('authorizedApps', profile) : undefined,
          activityHref: mayReadActivity(profile, selected?.role) ? '/activity' : undefined,
        }),
      )
    }),
  })
}

/** The page itself asks again; here it is only about whom a link helps. */
const mayReadActivity = (profile: Profile, role: string | undefined): boolean =>
  ownClients(profile, '').length > 0 && role !== undefined && profile.roles[role]?.includes('audit:read') === true
