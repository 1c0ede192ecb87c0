import {
  type Consent,
  type ConsentResource,
  consentPage,
  displayHost,
  displayName,
  errorPage,
  formActionSource,
} from '@gatehouse/pages'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import { isOwnPage, isUnproven } from '../authorize/decide.ts'
import { answer, begin, type FlowDeps, resume, type Step } from '../authorize/flow.ts'
import { isPushed, takePushed } from '../authorize/pushed.ts'
import { clientHost } from '../clients/client-host.ts'
import { redirectKind } from '../clients/redirects.ts'
import { Refusal } from '../errors.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm, readPosted, readQuery } from '../http/form.ts'
import { brandOf, PageFault, type Pages } from '../http/pages.ts'
import { senderOf } from '../http/sender.ts'
import { judgeAccess, titleOf } from '../settings/access.ts'
import type { Providers } from '../upstream/providers.ts'
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
  readonly providers: Providers
}

/** `GET` begins a request or goes on with one; `POST` carries the person's decision, or a request. No CORS: it is a page. */
export function authorizeRoutes(server: FastifyInstance, deps: AuthorizeDeps): void {
  const { browsers } = deps
  addEndpoint(server, {
    path: AUTHORIZE_PATH,
    bodyLimit: BODY_BYTES,
    get: async (request, reply) => {
      const query = readQuery(request)
      const transaction = query.get('client_id') === undefined ? query.get('transaction') : undefined
      const browser = browsers.meet(request, reply)
      if (transaction !== undefined) {
        const step = await resume(transaction, browser, deps)
        // It comes from our sign-in form, whose chain of redirects has to end here.
        return step.kind === 'redirect'
          ? deps.returns.leave(step, request, browser, reply)
          : show(step, browser, request, reply, deps)
      }
      const requestUri = query.get('request_uri')
      const pushed = isPushed(requestUri)
      const params = pushed ? await takePushed(requestUri, query.get('client_id'), deps) : query
      const step = await begin({ params, pushed, sender: senderOf(request) }, browser, deps)
      if (step.kind === 'redirect') return sendAway(reply, step.url)
      // The link is used up: whoever loads the page again needs one that still leads here.
      return pushed && step.kind !== 'refused'
        ? sendAway(reply, `${AUTHORIZE_PATH}?${new URLSearchParams({ transaction: step.request.id })}`)
        : show(step, browser, request, reply, deps)
    },
    post: async (request, reply) => {
      const posted = readPosted(request)
      // A request by POST (OpenID Connect Core section 3.1.2.1) goes on as GET: a form of another site brings no cookie of ours.
      if (posted.get('decision') === undefined && posted.get('client_id') !== undefined)
        return sendAway(reply, `${AUTHORIZE_PATH}?${posted.without(['transaction'])}`)
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

async function show(
  step: Question,
  browser: Browser,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: AuthorizeDeps,
): Promise<FastifyReply> {
  if (step.kind === 'refused') return deps.pages.send(reply, refusedPage(step, request, deps), { status: 400 })
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
  return deps.pages.send(reply, consentPage(consentOf(step, browser, deps)), { formAction })
}

function refusedPage(
  { reason, url, client }: Step & { readonly kind: 'refused' },
  request: FastifyRequest,
  { profile }: AuthorizeDeps,
): string {
  const name = displayName(client.name)
  const host = redirectKind(url) === 'private-use' ? new URL(url).protocol : displayHost(new URL(url).host)
  return errorPage({
    brand: brandOf(profile),
    status: 400,
    title: 'This application asked for something that cannot be done',
    cause: `${name} sent a request that is refused: ${new Refusal(reason).wire.error_description}`,
    whatToDo:
      'Go back to the application and start connecting again. If you trust it, you can also take this answer to it.',
    requestId: request.id,
    onward: { href: url, text: `Go on to ${host}` },
  })
}

function consentOf(
  step: Step & { readonly kind: 'consent' },
  browser: Browser,
  { profile, offered, issuer }: AuthorizeDeps,
): Consent {
  const { request, client, session, membership, resources } = step
  const kind = redirectKind(request.redirectUri)
  const ours = isOwnPage(client, request.redirectUri, issuer)
  // An earlier yes to the general scopes is told when they are asked for again.
  const before = [...new Set([...request.scopes.filter((scope) => !step.missing.includes(scope)), ...step.granted])]
  const asked = step.missing.length > 0 ? step.missing : request.scopes
  return {
    brand: brandOf(profile),
    action: AUTHORIZE_PATH,
    csrf: browser.csrf,
    transaction: request.id,
    hidden: { tenant: membership.tenantId },
    client: {
      name: client.name,
      host: clientHost(client.id),
      kind: client.kind,
      proven: ours || !isUnproven(client, request.redirectUri),
    },
    redirect: {
      host: kind === 'private-use' ? request.redirectUri : new URL(request.redirectUri).host,
      loopback: kind === 'loopback' && !ours,
      privateUse: kind === 'private-use',
    },
    tenant: { name: membership.tenantName, selected: followsSelection(profile) },
    person: { name: session.name, email: session.email },
    resources: resources.map(({ name, identifier }) => ({ name, uri: identifier })) as [
      ConsentResource,
      ...ConsentResource[],
    ],
    scopes: offered.textsOf(resources, asked),
    granted: offered.textsOf(
      resources,
      step.missing.length > 0 ? before.filter((scope) => !asked.includes(scope)) : [],
    ),
    accessTokenSeconds: Math.max(...resources.map(({ tokenSeconds }) => tokenSeconds)),
    // Where people have no list of applications, these go with "take back what applications may do".
    endedAt: titleOf(
      judgeAccess('authorizedApps', undefined, profile) === 'open' ? 'authorizedApps' : 'security',
      profile,
      undefined,
    ),
  }
}
