import { homePage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { addEndpoint } from '../http/endpoint.ts'
import { brandOf } from '../http/pages.ts'
import { membership_selected } from '../people/people.store.ts'
import { forSignedIn, header, navigation, type SignedInDeps } from './signed-in.ts'

/** What a person gets who opens the bare address: where to connect an application. */
export function homeRoutes(server: FastifyInstance, deps: SignedInDeps): void {
  const { profile, publicUrl, db, pages } = deps
  addEndpoint(server, {
    path: '/',
    get: forSignedIn(deps, async ({ session, browser }, _request, reply) => {
      const membership = await db.asPlatform('page', (tx) => membership_selected(tx, session.personId))
      return pages.send(
        reply,
        homePage({
          brand: brandOf(profile),
          nav: navigation(profile, '/'),
          person: header(session, browser),
          tenant: { name: membership?.tenantName ?? 'None', role: membership?.role },
          mcpUrl: `${publicUrl}${profile.paths.mcp}`,
          appsHref: profile.paths.authorizedApps,
        }),
      )
    }),
  })
}
