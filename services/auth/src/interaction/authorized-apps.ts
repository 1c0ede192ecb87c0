import { authorizedAppsPage, displayName } from '@gatehouse/pages'
import { followsSelection } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import { hostsOfClient } from '../client-hosts/judge-host.ts'
import { consent_list_of_person } from '../grants/consents.store.ts'
import { endConsent } from '../grants/revoke.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import type { OpenResources } from '../resources/registry.ts'
import type { Offered } from '../scopes/offered.ts'
import { forPage, type SignedInDeps, surroundings, type Who } from './signed-in.ts'

export interface AuthorizedAppsDeps extends SignedInDeps {
  readonly offered: Offered
  readonly resources: OpenResources
}

type Reply = Parameters<Handler>[1]

/** What a person allowed, and how they take it back: the consent ends with every grant that rests on it. */
export function authorizedAppsRoutes(server: FastifyInstance, deps: AuthorizedAppsDeps): void {
  const { profile, db, clock, browsers } = deps
  const path = profile.paths.authorizedApps
  addEndpoint(server, { path, get: forPage('authorizedApps', deps, (who, _request, reply) => show(who, reply, deps)) })
  addEndpoint(server, {
    path: `${path}/revoke`,
    bodyLimit: 8 * 1024,
    post: forPage('authorizedApps', deps, async (who, request, reply) => {
      const form = readForm(request)
      browsers.requireOwnForm(request, form.get('csrf'))
      const consent = form.get('consent') ?? ''
      const now = new Date(clock.now())
      const of = { personId: who.session.personId, reason: 'person.revoked', now } as const
      const ended = await db.asPlatform('revocation', (tx) => endConsent(tx, consent, of))
      if (ended === undefined) throw new PageFault('thing.unknown')
      request.log.info({ consent, person: who.session.personId }, 'consent revoked')
      return show(who, reply, deps, `${displayName(ended.clientName)} no longer has access.`)
    }),
  })
}

async function show(who: Who, reply: Reply, deps: AuthorizedAppsDeps, done?: string) {
  const { profile, db, pages, offered } = deps
  const registered = await deps.resources()
  const path = profile.paths.authorizedApps
  const entries = await db.asPlatform('page', (tx) => consent_list_of_person(tx, who.session.personId))
  const apps = entries.map((entry) => ({
    name: entry.clientName,
    host: hostsOfClient({ id: entry.clientId, redirectUris: entry.redirectUris }).join(', '),
    resource: { name: entry.resourceName ?? entry.resource, uri: entry.resource },
    tenant: { name: followsSelection(profile) ? 'The organisation you have selected' : entry.tenantName },
    scopes: offered.textsOf([registered.find(entry.resource) ?? []].flat(), entry.scopes),
    lastUsed: entry.usedAt ?? undefined,
    grantedAt: entry.grantedAt,
    revokeAction: `${path}/revoke`,
    revokeFields: { consent: entry.id },
  }))
  const around = surroundings(who, 'authorizedApps', profile)
  return pages.send(reply, authorizedAppsPage({ ...around, csrf: who.browser.csrf, apps, done, connectHref: '/' }))
}
