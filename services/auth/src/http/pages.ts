import {
  type Brand,
  COMMON_FAULTS,
  type ErrorView,
  errorPage,
  Fault,
  type PageHeaders,
  pageHeaders,
} from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../errors.ts'

export const brandOf = ({ branding }: Profile): Brand => ({
  name: branding.name,
  accent: branding.accent,
  supportUrl: branding.supportUrl,
})

const START_AGAIN = 'Go back to the application and start connecting again.'

/** Where somebody goes on who came from nowhere in particular. */
const START = { href: '/', text: 'Go to the start page' }
const SIGN_IN = { href: '/sign-in', text: 'Go to the sign-in page' }
const SECURITY = { href: '/settings/security', text: 'Go to Security' }

/** What a person reads when nothing can be sent back to the application. */
export const FAULTS = {
  ...COMMON_FAULTS,
  'client.missing': {
    status: 400,
    title: 'This link is incomplete',
    cause: 'The application did not say who it is: client_id is missing or given more than once.',
    whatToDo: START_AGAIN,
  },
  'client.unknown': {
    status: 400,
    title: 'This application is not known here',
    cause: 'It is not registered here (client_id), or its registration has been removed.',
    whatToDo:
      'Remove the connection in the application and add it again, so that it registers anew. Signing in again alone does not help.',
  },
  'client.expired': {
    status: 400,
    title: 'The registration of this application has expired',
    cause: 'It was registered here but not used for a long time, so its registration was removed (client_id).',
    whatToDo:
      'Remove the connection in the application and add it again: it then registers anew. Nothing else was lost.',
  },
  'client.disabled': {
    status: 400,
    title: 'This application is switched off here',
    cause: 'Whoever runs this service does not let it in (client_id).',
    whatToDo: 'Ask the operator of this service. Connecting again does not help.',
  },
  'document.refused': {
    status: 400,
    title: 'This application cannot be connected',
    cause:
      'Its description at the address of its client_id is refused here, or is not what such a description has to be.',
    whatToDo: 'Tell the maker of the application. The operator of this service finds the reason in the log.',
  },
  'document.unreachable': {
    status: 400,
    title: 'This application could not be checked',
    cause:
      'Its description at the address of its client_id could not be fetched, and there is no recent copy of it here.',
    whatToDo: 'Try again in a few minutes. If it stays, tell the maker of the application.',
  },
  'redirect.missing': {
    status: 400,
    title: 'This link is incomplete',
    cause: 'The application did not say where to return to: redirect_uri is missing or given more than once.',
    whatToDo: START_AGAIN,
  },
  'redirect.foreign': {
    status: 400,
    title: 'This application cannot be connected this way',
    cause: 'It wants you sent to an address that it never registered here (redirect_uri), so you were not sent there.',
    whatToDo: 'If you trust the application, remove the connection there and add it again.',
  },
  'request.expired': {
    status: 400,
    title: 'This request has expired',
    cause: 'It waited too long for an answer, or it was answered already, or it belongs to another browser.',
    whatToDo: 'Start again from the client.',
  },
  'pushed.unknown': {
    status: 400,
    title: 'This link can no longer be used',
    cause: 'It works once and for a moment only, and for the application that made it (request_uri).',
    whatToDo: START_AGAIN,
  },
  'decision.missing': {
    status: 400,
    title: 'No decision was sent',
    cause: 'The form carried neither approve nor deny.',
    whatToDo: 'Go back and use one of the two buttons.',
  },
  'request.malformed': {
    status: 400,
    title: 'This request cannot be read',
    cause: 'A part of it is missing or malformed.',
    whatToDo: START_AGAIN,
  },
  'request.too-large': {
    status: 413,
    title: 'This request is too large',
    cause: 'It holds more than any of our forms does.',
    whatToDo: START_AGAIN,
  },
  'method.refused': {
    status: 405,
    title: 'This is not done that way',
    cause: 'The address is right, but not for this kind of request.',
    whatToDo: 'Open it as a link.',
  },
  'thing.unknown': {
    status: 404,
    title: 'That is no longer there',
    cause: 'It may have been revoked already.',
    whatToDo: 'Go back and load the page again.',
  },
  'permission.missing': {
    status: 403,
    title: 'Your role does not include this',
    cause: 'In the organisation that you have selected, this page is for those who manage it.',
    whatToDo: 'Ask an owner or an administrator of your organisation, or select another one.',
    onward: START,
  },
  'role.above': {
    status: 403,
    title: 'That role is not yours to give or to take',
    cause: 'It permits more than your own role does, or it owns the organisation.',
    whatToDo: 'Ask an owner of your organisation.',
  },
  'link.over': {
    status: 410,
    title: 'This link can no longer be used',
    cause: 'It can be used once, and for a limited time; or what it was for has been taken back.',
    whatToDo: 'Ask for a new one where you got it. For a new password: “Forgot your password?” on the sign-in page.',
    onward: SIGN_IN,
  },
  'address.unknown': {
    status: 404,
    title: 'There is no such page',
    cause: 'The address may be mistyped, or the page has moved.',
    whatToDo: 'Check the address, or begin at the start page.',
    onward: START,
  },
  'rate.exceeded': {
    status: 429,
    title: 'That was too often',
    cause: 'This was tried more often than a person would.',
    whatToDo: 'Wait a minute and try again.',
  },
  'upstream.unknown': {
    status: 404,
    title: 'There is no such way to sign in',
    cause: 'The provider is not, or no longer, one of those where people of this service sign in.',
    whatToDo: 'Go back to the sign-in page and use another way.',
    onward: SIGN_IN,
  },
  'upstream.lost': {
    status: 400,
    title: 'This sign-in cannot be finished',
    cause: 'It took too long, it was finished already, or it was begun in another browser.',
    whatToDo: 'Start again from the sign-in page. Cookies have to be allowed for this site.',
    onward: SIGN_IN,
  },
  'upstream.unavailable': {
    status: 503,
    title: 'The other sign-in service cannot be reached',
    cause: 'It does not answer, or has a fault of its own. Try again in a moment, or sign in another way.',
    whatToDo: 'Try again in a moment, or sign in another way.',
    onward: SIGN_IN,
  },
  'upstream.denied': {
    status: 403,
    title: 'You were not signed in there',
    cause: 'The other sign-in service says that the sign-in was cancelled or refused.',
    whatToDo: 'Try again, or sign in another way.',
    onward: SIGN_IN,
  },
  'upstream.unproven': {
    status: 400,
    title: 'The other sign-in service did not prove who you are',
    cause: 'Its answer does not fit what was asked, so nobody was signed in.',
    whatToDo: 'Try again. If it stays, ask for help and quote the line below.',
    onward: SIGN_IN,
  },
  'upstream.stale': {
    status: 403,
    title: 'A new sign-in is needed',
    cause: 'The application asked for one, and the other service answered with an earlier sign-in.',
    whatToDo: 'Sign out there and try again, or sign in another way.',
    onward: SIGN_IN,
  },
  'upstream.unverified': {
    status: 403,
    title: 'Your email address is not verified there',
    cause:
      'The other sign-in service does not say that it checked your email address, and without one nobody is let in.',
    whatToDo: 'Verify the address there, or ask an administrator of your organisation.',
    onward: SIGN_IN,
  },
  'upstream.stranger': {
    status: 403,
    title: 'No organisation here lets you in yet',
    cause: 'You signed in elsewhere, and no organisation has invited that address or takes everybody of its domain.',
    whatToDo: 'Ask an administrator of your organisation to invite you.',
    onward: SIGN_IN,
  },
  'upstream.taken': {
    status: 403,
    title: 'That account belongs to somebody already',
    cause:
      'An account here has that address, or is linked to that sign-in. Sign in to it as you always do, and link the two in its settings.',
    whatToDo: 'Sign in as you always do, and link the two under Security.',
    onward: SIGN_IN,
  },
  'account.deactivated': {
    status: 403,
    title: 'This account cannot be used',
    cause: 'An administrator has deactivated it.',
    whatToDo: 'Ask an administrator of your organisation.',
  },
  'sign-in.old': {
    status: 403,
    title: 'Sign in again first',
    cause: 'How you sign in can only be changed shortly after a sign-in, and yours is some time ago.',
    whatToDo: 'Sign out, sign in, and repeat it.',
    onward: SECURITY,
  },
  'sign-in.last': {
    status: 409,
    title: 'It is your only way to sign in',
    cause: 'Without it nobody could sign in to this account any more.',
    whatToDo: 'Link another one first.',
    onward: SECURITY,
  },
  'logout.redirect': {
    status: 400,
    title: 'You cannot be sent back there',
    cause:
      'The application wants you sent to an address that it never registered for it (post_logout_redirect_uri), so you were neither signed out nor sent there.',
    whatToDo: 'Sign out here, and close the application.',
  },
  failed: {
    status: 500,
    title: 'Something went wrong',
    cause: 'The fault is on our side.',
    whatToDo: 'Try again. If it stays, ask for help and quote the line below.',
  },
} as const satisfies Record<string, Omit<ErrorView, 'brand' | 'requestId'>>

export type PageReason = keyof typeof FAULTS

/** Thrown by what a person has to be told on a page of ours, since no redirect is proven. */
export class PageFault extends Fault<PageReason> {}

export interface Pages {
  send(reply: FastifyReply, markup: string, options?: { readonly status?: number } & PageHeaders): FastifyReply
  sendError(request: FastifyRequest, reply: FastifyReply, error: PageFault | Refusal | undefined): FastifyReply
}

export function createPages(profile: Profile): Pages {
  const brand = brandOf(profile)
  const send: Pages['send'] = (reply, markup, { status = 200, ...headers } = {}) =>
    reply.code(status).headers(pageHeaders(headers)).send(markup)
  return {
    send,
    sendError(request, reply, error) {
      const fault = FAULTS[reasonOf(error)]
      const detail = error !== undefined && 'detail' in error ? error.detail : {}
      reply.headers(detail.headers ?? {})
      if (detail.retryAfterSeconds !== undefined) reply.header('retry-after', String(detail.retryAfterSeconds))
      return send(reply, errorPage({ ...fault, brand, requestId: request.id }), { status: fault.status })
    },
  }
}

function reasonOf(error: PageFault | Refusal | undefined): PageReason {
  if (error === undefined) return 'failed'
  const { reason } = error
  return reason in FAULTS ? (reason as PageReason) : 'request.malformed'
}
