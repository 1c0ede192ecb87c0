import { type Consent, consentPage, formActionSource } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import { isUnproven } from '../authorize/decide.ts'
import { answer, begin, type FlowDeps, resume, type Step } from '../authorize/flow.ts'
import { redirectKind } from '../clients/redirects.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm, readQuery } from '../http/form.ts'
import { brandOf, PageFault, type Pages } from '../http/pages.ts'
import type { Resource } from '../resources/resources.store.ts'
import type { Returns } from './return.ts'
import { showSignIn } from './sign-in.ts'

export const AUTHORIZE_PATH = '/oauth/authorize'
/** A request's parameters and little else. */
const BODY_BYTES = 32 * 1024

export interface AuthorizeDeps extends FlowDeps {
  readonly profile: Profile
  readonly browsers: Browsers
  readonly pages: Pages
  readonly returns: Returns
}

/** `GET` begins a request or goes on with one; `POST` carries the person's decision. No CORS: it is a page. */
export function authorizeRoutes(server: FastifyInstance, deps: AuthorizeDeps): void {
  const { browsers } = deps
  addEndpoint(server, {
    path: AUTHORIZE_PATH,
    bodyLimit: BODY_BYTES,
    get: async (request, reply) => {
      const query = readQuery(request)
      const transaction = query.get('client_id') === undefined ? query.get('transaction') : undefined
      const browser = browsers.meet(request, reply)
      const step =
        transaction === undefined ? await begin(query, browser, deps) : await resume(transaction, browser, deps)
      if (step.kind !== 'redirect') return show(step, browser, reply, deps)
      // A request that is gone on with comes from our sign-in form; one that begins comes from the client.
      return transaction === undefined ? sendAway(reply, step.url) : deps.returns.leave(step, request, browser, reply)
    },
    post: async (request, reply) => {
      const form = readForm(request)
      const browser = browsers.requireOwnForm(request, form.get('csrf'))
      const [decision, transaction] = [form.get('decision'), form.get('transaction')]
      if (decision !== 'approve' && decision !== 'deny') throw new PageFault('decision.missing')
      if (transaction === undefined) throw new PageFault('request.expired')
      const departure = await answer(transaction, decision, form.get('tenant'), browser, deps)
      if (departure === undefined) return sendAway(reply, `${AUTHORIZE_PATH}?${new URLSearchParams({ transaction })}`)
      request.log.info({ decision }, 'consent answered')
      return deps.returns.leave(departure, request, browser, reply)
    },
  })
}

type Question = Exclude<Step, { readonly kind: 'redirect' }>

async function show(step: Question, browser: Browser, reply: FastifyReply, deps: AuthorizeDeps): Promise<FastifyReply> {
  // For browsers that do not say that they navigate: the answer to either form redirects them to the callback itself.
  const formAction = [formActionSource(step.request.redirectUri)]
  if (step.kind === 'login') {
    return showSignIn(reply, deps, browser, {
      client: { name: step.client.name },
      email: step.request.loginHint ?? undefined,
      transaction: step.request.id,
      formAction,
    })
  }
  const resource = (await deps.resources()).find(step.request.resource)
  return deps.pages.send(reply, consentPage(consentOf(step, browser, resource, deps)), { formAction })
}

function consentOf(
  step: Step & { readonly kind: 'consent' },
  browser: Browser,
  resource: Resource | undefined,
  { profile, offered }: AuthorizeDeps,
): Consent {
  const { request, client, session, membership } = step
  const kind = redirectKind(request.redirectUri)
  const asked = step.missing.length > 0 ? step.missing : request.scopes
  return {
    brand: brandOf(profile),
    action: AUTHORIZE_PATH,
    csrf: browser.csrf,
    transaction: request.id,
    hidden: { tenant: membership.tenantId },
    client: { name: client.name, kind: client.kind, proven: !isUnproven(client, request.redirectUri) },
    redirect: {
      host: kind === 'private-use' ? request.redirectUri : new URL(request.redirectUri).host,
      loopback: kind === 'loopback',
      privateUse: kind === 'private-use',
    },
    tenant: { name: membership.tenantName },
    person: { name: session.name, email: session.email },
    resource: { name: resource?.name ?? request.resource, uri: request.resource },
    scopes: offered.textsOf(asked),
    granted: offered.textsOf(request.scopes.filter((scope) => !asked.includes(scope))),
    accessTokenSeconds: resource?.tokenSeconds ?? profile.accessTokenSeconds,
  }
}
