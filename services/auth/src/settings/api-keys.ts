import { type ApiKeys, apiKeysPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { key_list } from '../api-keys/api-keys.store.ts'
import { changeKey, makeKey, revokeKey } from '../api-keys/api-keys.ts'
import { faultOfScopes, keyScopes, type OfferedToKeys } from '../api-keys/judge-key.ts'
import { sendAway } from '../authorize/answer.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { type Params, readPosted } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import { forPage, type SignedInDeps, surroundings, tenantOf, type Who } from '../interaction/signed-in.ts'
import type { OpenResources } from '../resources/registry.ts'
import { hasMcp } from './access.ts'
import { fieldOf, readName } from './fields.ts'

export interface ApiKeyPageDeps extends SignedInDeps {
  /** Of the deployment, not of a host: a key is good wherever its organisation is known. */
  readonly keyResources: OpenResources
}

/** How long a key may be good, in days; 0: until it is revoked. */
const DAYS: readonly number[] = [30, 90, 365, 0]
const DAY_MS = 86_400_000
const BODY_BYTES = 16 * 1024

type Reply = Parameters<Handler>[1]

/** Where an organisation's keys are made, changed and revoked. */
export function apiKeyRoutes(server: FastifyInstance, deps: ApiKeyPageDeps): void {
  const { profile, db, clock, browsers } = deps
  const path = profile.paths.apiKeys
  const form = (name: string, post: (who: Who, given: Params, reply: Reply) => Promise<unknown>) =>
    addEndpoint(server, {
      path: `${path}/${name}`,
      bodyLimit: BODY_BYTES,
      get: async (_request, reply) => sendAway(reply, path),
      post: forPage('apiKeys', deps, async (who, request, reply) => {
        const given = readPosted(request)
        browsers.requireOwnForm(request, given.get('csrf'))
        return post(who, given, reply)
      }),
    })
  addEndpoint(server, { path, get: forPage('apiKeys', deps, (who, _request, reply) => show(who, reply, deps)) })

  form('create', async (who, given, reply) => {
    const { tenantId } = tenantOf(who)
    const offered = await offeredTo(who, deps)
    const name = readName(given.get('name'))
    const scopes = [...new Set(given.all('scope'))]
    const project = profile.settings.projectKeys ? fieldOf(given.get('project'), 100) : undefined
    const faults = {
      ...(name === undefined ? { name: 'Give it a name of at most 100 characters.' } : {}),
      ...faultOfScopes(scopes, offered),
      ...(project === null ? { project: 'Use at most 100 plain characters.' } : {}),
    }
    const days = DAYS.find((count) => String(count) === given.get('days')) ?? 90
    if (name === undefined || project === null || Object.keys(faults).length > 0) {
      const draft = { name: given.get('name') ?? '', scopes, project: given.get('project') ?? '', faults }
      return show(who, reply, deps, { status: 400, draft })
    }
    const now = new Date(clock.now())
    const made = await db.asTenant(tenantId, (tx) =>
      makeKey(tx, {
        ...{ tenantId, name, scopes, project, now, prefix: profile.apiKeyPrefix },
        expiresAt: days === 0 ? null : new Date(now.getTime() + days * DAY_MS),
        by: { kind: 'person', id: who.session.personId },
      }),
    )
    if (made === undefined) throw new Error('a random key was there already')
    return show(who, reply, deps, { made: { name, key: made.text } })
  })

  form('change', async (who, given, reply) => {
    const { tenantId } = tenantOf(who)
    const id = given.get('key') ?? ''
    const name = readName(given.get('name'))
    const scopes = [...new Set(given.all('scope'))]
    const before = (await db.asTenant(tenantId, (tx) => key_list(tx, tenantId))).find((key) => key.id === id)
    if (before === undefined) throw new PageFault('thing.unknown')
    const fault = faultOfScopes(scopes, await offeredTo(who, deps), before.scopes).scopes
    if (name === undefined || fault !== undefined) {
      return show(who, reply, deps, { status: 400, problem: fault ?? 'A key needs a name of at most 100 characters.' })
    }
    const by = { kind: 'person', id: who.session.personId } as const
    const now = new Date(clock.now())
    const changed = await db.asTenant(tenantId, (tx) => changeKey(tx, id, { name, scopes }, { tenantId, by, now }))
    if (changed === undefined) throw new PageFault('thing.unknown')
    return show(who, reply, deps, { done: `${name} is changed.` })
  })

  form('revoke', async (who, given, reply) => {
    const { tenantId } = tenantOf(who)
    const by = { kind: 'person', id: who.session.personId } as const
    const now = new Date(clock.now())
    const revoked = await db.asTenant(tenantId, (tx) => revokeKey(tx, given.get('key') ?? '', { tenantId, by, now }))
    if (!revoked) throw new PageFault('thing.unknown')
    return show(who, reply, deps, { done: 'The key is revoked. It is refused everywhere within a second.' })
  })
}

/** Of the MCP endpoint only where the plan has it, as long as there is anything else. */
async function offeredTo(who: Who, { profile, keyResources }: ApiKeyPageDeps): Promise<OfferedToKeys> {
  return keyScopes(profile, await keyResources(), hasMcp(profile, who.selected))
}

type Shown = Pick<ApiKeys, 'done' | 'problem' | 'made' | 'draft'> & { readonly status?: number }

async function show(who: Who, reply: Reply, deps: ApiKeyPageDeps, { status, ...shown }: Shown = {}) {
  const { profile, db, clock, pages } = deps
  const { tenantId } = tenantOf(who)
  const now = clock.now()
  const keys = await db.asTenant(tenantId, (tx) => key_list(tx, tenantId))
  const markup = apiKeysPage({
    ...surroundings(who, 'apiKeys', profile),
    ...shown,
    csrf: who.browser.csrf,
    action: profile.paths.apiKeys,
    lead: leadOf(deps, who),
    keys: keys.map(({ project, usedAt, expiresAt, createdBy, ...key }) => ({
      ...key,
      project: project ?? undefined,
      usedAt: usedAt ?? undefined,
      createdBy: createdBy ?? undefined,
      expiresAt: expiresAt ?? undefined,
      expired: expiresAt !== null && expiresAt.getTime() <= now,
    })),
    offered: await offeredTo(who, deps),
    projects: profile.settings.projectKeys,
    days: DAYS,
  })
  return pages.send(reply, markup, { status: status ?? 200 })
}

/** What keys are good for in this organisation. */
function leadOf({ profile, publicUrl }: ApiKeyPageDeps, who: Who): string {
  const mcp = profile.credentials.includes('api-key') && hasMcp(profile, who.selected)
  return mcp
    ? `Keys for programs that cannot sign in: send one as a Bearer token to the REST API, and to ${publicUrl}${profile.paths.mcp}.`
    : 'Keys for programs that cannot sign in: send one as a Bearer token to the REST API.'
}
