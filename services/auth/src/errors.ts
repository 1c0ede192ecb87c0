/**
 * Why a request of a client was refused, and what leaves the process: the code of RFC 6749, 7591, 8707 or 9207's kin, its status, and a
 * cause in words that tell an attacker nothing that he does not know.
 */
export const REFUSALS = {
  'request.malformed': {
    error: 'invalid_request',
    status: 400,
    text: 'A parameter is missing, repeated or malformed.',
  },
  'request.media-type': {
    error: 'invalid_request',
    status: 400,
    text: 'The body must be application/x-www-form-urlencoded.',
  },
  'request.too-large': { error: 'invalid_request', status: 413, text: 'The body is too large.' },
  'method.refused': { error: 'invalid_request', status: 405, text: 'This method is not served here.' },
  'rate.exceeded': { error: 'temporarily_unavailable', status: 429, text: 'Too many requests. Try again later.' },
  unavailable: {
    error: 'temporarily_unavailable',
    status: 503,
    text: 'The service cannot answer now. Try again later.',
  },

  'client.unknown': { error: 'invalid_client', status: 401, text: 'The client is not known. Register again.' },
  'client.expired': {
    error: 'invalid_client',
    status: 401,
    text: 'The registration has expired, since it was not used. Register again.',
  },
  'client.disabled': { error: 'invalid_client', status: 401, text: 'The client is switched off here.' },
  'document.refused': { error: 'invalid_client', status: 401, text: 'The client metadata document is refused.' },
  'document.unreachable': {
    error: 'invalid_client',
    status: 401,
    text: 'The client metadata document could not be fetched. Try again later.',
  },
  'client.unproven': { error: 'invalid_client', status: 401, text: 'Client authentication failed.' },
  'client.two-methods': {
    error: 'invalid_request',
    status: 400,
    text: 'The client authenticated in more than one way.',
  },
  'grant.unsupported': { error: 'unsupported_grant_type', status: 400, text: 'This grant type is not offered.' },
  'grant.not-allowed': {
    error: 'unauthorized_client',
    status: 400,
    text: 'The client did not register for this grant type.',
  },

  'code.unknown': { error: 'invalid_grant', status: 400, text: 'The authorization code is not valid.' },
  'code.expired': { error: 'invalid_grant', status: 400, text: 'The authorization code has expired.' },
  'code.replayed': { error: 'invalid_grant', status: 400, text: 'The authorization code was used before.' },
  'redirect.differs': {
    error: 'invalid_grant',
    status: 400,
    text: 'redirect_uri is not the one of the authorization request.',
  },
  'pkce.missing': { error: 'invalid_request', status: 400, text: 'code_verifier is missing or malformed.' },
  'pkce.mismatch': { error: 'invalid_grant', status: 400, text: 'code_verifier does not fit the code_challenge.' },

  'refresh.unknown': { error: 'invalid_grant', status: 400, text: 'The refresh token is not valid.' },
  'refresh.expired': { error: 'invalid_grant', status: 400, text: 'The refresh token has expired.' },
  'refresh.reused': { error: 'invalid_grant', status: 400, text: 'The refresh token was used before.' },
  'refresh.too-often': {
    error: 'temporarily_unavailable',
    status: 429,
    text: 'The same refresh token was presented too often. Use the newest one.',
  },
  'grant.ended': { error: 'invalid_grant', status: 400, text: 'The authorization was taken back.' },
  'membership.ended': {
    error: 'invalid_grant',
    status: 400,
    text: 'The person no longer belongs to the organisation.',
  },

  'scope.invalid': { error: 'invalid_scope', status: 400, text: 'The scope is malformed, unknown or not granted.' },
  'resource.malformed': {
    error: 'invalid_target',
    status: 400,
    text: 'resource must be an absolute URI without a fragment.',
  },
  'resource.unknown': { error: 'invalid_target', status: 400, text: 'Tokens cannot be issued for this resource.' },
  'resource.several': {
    error: 'invalid_target',
    status: 400,
    text: 'A token is for one resource: name one of those that were authorized.',
  },
  'resource.taken': { error: 'invalid_request', status: 409, text: 'Another resource has this identifier or alias.' },
  'resource.of-profile': {
    error: 'invalid_request',
    status: 409,
    text: 'The profile brings this resource. Change it there.',
  },
  'token.foreign': { error: 'invalid_request', status: 400, text: 'The token was not issued to this client.' },
  'token.invalid': { error: 'invalid_token', status: 401, text: 'The access token is not valid.' },
  'token.insufficient': { error: 'insufficient_scope', status: 403, text: 'The access token lacks the scope openid.' },

  'response-type.missing': { error: 'invalid_request', status: 400, text: 'response_type is missing.' },
  'response-type.unsupported': {
    error: 'unsupported_response_type',
    status: 400,
    text: 'response_type must be code.',
  },
  'response-mode.unsupported': { error: 'invalid_request', status: 400, text: 'response_mode must be query.' },
  'challenge.missing': { error: 'invalid_request', status: 400, text: 'code_challenge is required (PKCE).' },
  'challenge.method': { error: 'invalid_request', status: 400, text: 'code_challenge_method must be S256.' },
  'challenge.malformed': { error: 'invalid_request', status: 400, text: 'code_challenge is malformed.' },
  'request-object.unsupported': {
    error: 'request_not_supported',
    status: 400,
    text: 'Request objects are not supported.',
  },
  'request-uri.unsupported': {
    error: 'request_uri_not_supported',
    status: 400,
    text: 'Request objects by reference are not supported.',
  },
  'pushed.required': {
    error: 'invalid_request',
    status: 400,
    text: 'The request has to be pushed first (RFC 9126).',
  },
  'pushed.nested': { error: 'invalid_request', status: 400, text: 'A pushed request cannot name a request_uri.' },
  'redirect.refused': {
    error: 'invalid_request',
    status: 400,
    text: 'redirect_uri is missing, or is not one that the client registered.',
  },
  'prompt.invalid': { error: 'invalid_request', status: 400, text: 'prompt is not valid.' },
  'login.required': { error: 'login_required', status: 400, text: 'Nobody is signed in.' },
  'consent.required': { error: 'consent_required', status: 400, text: 'The person has not allowed this yet.' },
  'person.denied': { error: 'access_denied', status: 400, text: 'The person denied the request.' },
  'client.not-let-in': {
    error: 'access_denied',
    status: 400,
    text: 'The organisation does not let this application in. An administrator of it can.',
  },
  'person.without-tenant': {
    error: 'access_denied',
    status: 400,
    text: 'The person belongs to no organisation here.',
  },

  'registration.unproven': {
    error: 'invalid_token',
    status: 401,
    text: 'The registration access token is missing, wrong, or not of this client.',
  },
  'metadata.malformed': {
    error: 'invalid_client_metadata',
    status: 400,
    text: 'The body must be a JSON object of client metadata.',
  },
  'metadata.refused': { error: 'invalid_client_metadata', status: 400, text: 'A field of the metadata is refused.' },
  'metadata.redirect': { error: 'invalid_redirect_uri', status: 400, text: 'A redirect URI is refused.' },

  'caller.unproven': { error: 'invalid_client', status: 401, text: 'The calling service is not known.' },
  'credential.inactive': { error: 'inactive', status: 404, text: 'The credential is not, or no longer, good.' },
  'operator.unproven': { error: 'invalid_token', status: 401, text: 'The operator token is missing or wrong.' },
  'operator.not-allowed': {
    error: 'insufficient_scope',
    status: 403,
    text: 'The access token is not one of a program that may administer.',
  },
  'ring.fixed': {
    error: 'invalid_request',
    status: 409,
    text: 'The keys of this ring are kept elsewhere, in a file or by a key service. Change them there.',
  },
  'thing.taken': { error: 'invalid_request', status: 409, text: 'Something else has that name.' },
  'client.self-made': {
    error: 'invalid_request',
    status: 409,
    text: 'This client describes itself. It can be switched off or deleted, not changed.',
  },
  'client.without-secret': {
    error: 'invalid_request',
    status: 409,
    text: 'This client proves itself by no secret that an operator gave it.',
  },
  'owner.last': {
    error: 'invalid_request',
    status: 409,
    text: 'That is the only owner of the organisation. Make somebody else an owner first.',
  },
  'rules.too-many': { error: 'invalid_request', status: 409, text: 'There are too many rules. Remove some first.' },
  'thing.unknown': { error: 'not_found', status: 404, text: 'There is nothing of that id.' },
} as const satisfies Record<string, { error: string; status: number; text: string }>

export type Reason = keyof typeof REFUSALS

export interface RefusalDetail {
  /** Instead of the general text; says what is wrong, never why we know. */
  readonly text?: string
  readonly retryAfterSeconds?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by whatever refuses; the error handler turns it into the protocol's answer. */
export class Refusal extends Error {
  readonly reason: Reason
  readonly detail: RefusalDetail

  constructor(reason: Reason, detail: RefusalDetail = {}) {
    super(reason)
    this.name = 'Refusal'
    this.reason = reason
    this.detail = detail
  }

  get status(): number {
    return REFUSALS[this.reason].status
  }

  /** The error code and its text, in the characters that RFC 6749 section 5.2 allows, and none that could open a tag. */
  get wire(): { readonly error: string; readonly error_description: string } {
    const { error, text } = REFUSALS[this.reason]
    return { error, error_description: speakable(this.detail.text ?? text) }
  }
}

const speakable = (text: string): string =>
  text.replaceAll('"', "'").replace(/[^\x20-\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x7e]/g, '?')
