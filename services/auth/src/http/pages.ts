import { type Brand, errorPage, type PageHeaders, pageHeaders } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../errors.ts'

export const brandOf = ({ branding }: Profile): Brand => ({
  name: branding.name,
  accent: branding.accent,
  supportUrl: branding.supportUrl,
})

const START_AGAIN = 'Go back to the application and start connecting again.'

/** What a person reads when nothing can be sent back to the application. */
export const FAULTS = {
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
  'form.foreign': {
    status: 403,
    title: 'This form could not be accepted',
    cause: 'It did not come from a page that this browser had opened, or that page is too old.',
    whatToDo: 'Go back, load the page again and send it once more. Cookies have to be allowed for this site.',
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
  unavailable: {
    status: 503,
    title: 'We cannot answer just now',
    cause: 'A part of the service is not reachable. Nothing was lost.',
    whatToDo: 'Try again in a moment.',
  },
  failed: {
    status: 500,
    title: 'Something went wrong',
    cause: 'The fault is on our side.',
    whatToDo: 'Try again. If it stays, ask for help and quote the line below.',
  },
} as const satisfies Record<string, { status: number; title: string; cause: string; whatToDo: string }>

export type PageReason = keyof typeof FAULTS

/** Thrown by what a person has to be told on a page of ours, since no redirect is proven. */
export class PageFault extends Error {
  readonly reason: PageReason

  constructor(reason: PageReason) {
    super(reason)
    this.name = 'PageFault'
    this.reason = reason
  }
}

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
