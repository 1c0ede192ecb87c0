import { type ClientHosts, clientHostsPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { appendAdministered } from '../audit/by-person.ts'
import { sendAway } from '../authorize/answer.ts'
import { putRule, type RulesChanged, removeRule } from '../client-hosts/change-rules.ts'
import { client_host_list } from '../client-hosts/client-hosts.store.ts'
import { readHost } from '../client-hosts/judge-host.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { type Params, readForm } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import { forPage, type SignedInDeps, surroundings, tenantOf, type Who } from '../interaction/signed-in.ts'
import { pathOf } from './access.ts'

type Reply = Parameters<Handler>[1]

const NO_HOST = 'Write a host as claude.ai, or a scheme as cursor:'
const TOO_MANY = 'There are too many rules. Remove some first; a host covers all below it.'

/** Where an organisation says which clients its people may connect. */
export function clientHostRoutes(server: FastifyInstance, deps: SignedInDeps): void {
  const { profile, db, clock, browsers } = deps
  const path = pathOf('clientHosts', profile)
  const form = (name: string, post: (who: Who, given: Params, reply: Reply) => Promise<unknown>) =>
    addEndpoint(server, {
      path: `${path}/${name}`,
      bodyLimit: 8 * 1024,
      get: async (_request, reply) => sendAway(reply, path),
      post: forPage('clientHosts', deps, async (who, request, reply) => {
        const given = readForm(request)
        browsers.requireOwnForm(request, given.get('csrf'))
        return post(who, given, reply)
      }),
    })
  addEndpoint(server, { path, get: forPage('clientHosts', deps, (who, _request, reply) => show(who, reply, deps)) })

  const change = async (
    who: Who,
    reply: Reply,
    about: { readonly action: string; readonly host: string },
    run: (tx: Parameters<typeof putRule>[0], tenantId: string, now: Date) => Promise<RulesChanged>,
  ) => {
    const { tenantId } = tenantOf(who)
    const now = new Date(clock.now())
    const changed = await db.asPlatform('client hosts', async (tx) => {
      const result = await run(tx, tenantId, now)
      if (result.kind === 'changed') {
        const [action, object] = [`client-host.${about.action}`, ['host', about.host]] as const
        await appendAdministered(tx, { action, tenantId, by: who.session.personId, object, now })
      }
      return result
    })
    if (changed.kind === 'unknown') throw new PageFault('thing.unknown')
    if (changed.kind === 'too-many') return show(who, reply, deps, { status: 409, problem: TOO_MANY })
    return show(who, reply, deps, { done: inWords(changed.grants) })
  }

  form('put', async (who, given, reply) => {
    const typed = given.get('host') ?? ''
    const [host, rule] = [readHost(typed), given.get('rule')]
    if (rule !== 'allow' && rule !== 'deny') throw new PageFault('request.malformed')
    if (host === undefined) {
      return show(who, reply, deps, { status: 400, draft: { host: typed.slice(0, 300), fault: NO_HOST } })
    }
    return change(who, reply, { action: 'put', host }, (tx, tenantId, now) =>
      putRule(tx, tenantId, { host, rule }, { now, profile }),
    )
  })

  form('remove', async (who, given, reply) => {
    const host = given.get('host') ?? ''
    return change(who, reply, { action: 'remove', host }, (tx, tenantId, now) =>
      removeRule(tx, tenantId, host, { now, profile }),
    )
  })
}

const inWords = (grants: number): string =>
  grants === 0
    ? 'The rules are changed.'
    : `The rules are changed. ${grants === 1 ? 'One connection has' : `${grants} connections have`} ended.`

type Shown = Pick<ClientHosts, 'done' | 'problem' | 'draft'> & { readonly status?: number }

async function show(who: Who, reply: Reply, deps: SignedInDeps, { status, ...shown }: Shown = {}) {
  const { profile, db, pages } = deps
  const { tenantId, tenantName } = tenantOf(who)
  const rules = await db.asTenant(tenantId, (tx) => client_host_list(tx, tenantId))
  const markup = clientHostsPage({
    ...surroundings(who, 'clientHosts', profile),
    ...shown,
    csrf: who.browser.csrf,
    tenant: { name: tenantName },
    action: pathOf('clientHosts', profile),
    rules,
  })
  return pages.send(reply, markup, { status: status ?? 200 })
}
