import { PROBLEMS } from '@gatehouse/audit'
import { PAGE_FAULTS, REFUSALS } from '@gatehouse/auth'
import { CODES, EDGE_REFUSALS } from '@gatehouse/mcp'

/** What the one who is refused can do, for each refusal of a table; total, so that a new refusal needs its line here. */
type Advice<Table> = Readonly<Record<keyof Table, string>>

const SEND_AGAIN = 'Mend the request; nothing was changed.'
const AUTHORIZE_ANEW = 'Start the authorization again.'
const WAIT = 'Wait as long as `Retry-After` says, then send it again.'

const ADMINISTER =
  'Ask for the scope `gatehouse:admin` with `client_credentials`, as a client that an operator registered for it and for no tenant.'

export const AUTH_ADVICE: Advice<typeof REFUSALS> = {
  'request.malformed': 'Read `error_description`; send each parameter once.',
  'request.media-type': 'Send a form. Registration and the admin API take JSON.',
  'request.too-large': 'Send less: 64 KiB for tokens and revocation.',
  'method.refused': 'Use a method that `Allow` names.',
  'rate.exceeded': WAIT,
  unavailable: 'Wait as long as `Retry-After` says. The operator looks at `/readyz` and at the log for what is away.',
  'client.unknown': 'Register again and start the authorization anew: the client id is not in this database.',
  'client.expired': 'Register again and start the authorization anew.',
  'client.disabled': 'Ask the operator of this installation.',
  'document.refused':
    'The maker of the client mends its metadata document; `error_description` or the log says what is wrong.',
  'document.unreachable': 'Try again later; the host of the metadata document does not answer.',
  'client.unproven': 'Send the secret that registration returned; a public client sends none.',
  'client.two-methods': 'Send the credentials in the header or in the body, not in both.',
  'grant.unsupported': 'Use a grant type of the metadata, `grant_types_supported`.',
  'grant.not-allowed': 'Register with this grant type in `grant_types`.',
  'code.unknown': `${AUTHORIZE_ANEW} The code is not known or was issued to another client.`,
  'code.expired': `${AUTHORIZE_ANEW} A code lives for 60 seconds.`,
  'code.replayed': `${AUTHORIZE_ANEW} Everything that the code gave was taken back: somebody used it twice.`,
  'redirect.differs': 'Send the `redirect_uri` of the authorization request, or leave it out. The code is still good.',
  'pkce.missing': 'Send `code_verifier`, 43 to 128 unreserved characters. The code is still good.',
  'pkce.mismatch': 'Send the verifier whose SHA-256 was the challenge. The code is still good.',
  'refresh.unknown': AUTHORIZE_ANEW,
  'refresh.expired': AUTHORIZE_ANEW,
  'refresh.reused': `${AUTHORIZE_ANEW} The grant was ended, since a token that had been replaced came again; see [authorization.md](authorization.md).`,
  'refresh.too-often': 'Use the newest refresh token; the grant lives on.',
  'grant.ended': AUTHORIZE_ANEW,
  'membership.ended': 'Ask an administrator of the organisation.',
  'scope.invalid': 'Ask for scopes of the metadata; at a refresh for no more than was granted.',
  'resource.malformed': SEND_AGAIN,
  'resource.unknown': 'Send the `resource` of the protected resource metadata, the one that was authorized.',
  'resource.several': 'Name one `resource` in each token request; the grant lives on.',
  'resource.taken': 'Choose another identifier or alias; `gatehouse resources list` shows those that are taken.',
  'resource.of-profile': 'Change the profile, or register another resource.',
  'token.foreign': 'Revoke with the client that the token was issued to.',
  'token.invalid': 'Refresh, or start the authorization again.',
  'token.insufficient': 'Ask for the scope `openid`.',
  'response-type.missing': SEND_AGAIN,
  'response-type.unsupported': SEND_AGAIN,
  'response-mode.unsupported': 'Leave `response_mode` out.',
  'challenge.missing': 'Use PKCE.',
  'challenge.method': 'Use `code_challenge_method=S256`; an absent method means `plain`.',
  'challenge.malformed': 'Send the base64url of a SHA-256, 43 characters.',
  'request-object.unsupported': 'Send plain parameters.',
  'request-uri.unsupported': 'Send plain parameters.',
  'pushed.required':
    'Push it to `pushed_authorization_request_endpoint` first; then send `client_id` and `request_uri`.',
  'pushed.nested': SEND_AGAIN,
  'redirect.refused': 'Send a `redirect_uri` that the client registered, to the character.',
  'prompt.invalid': 'Use a value of the metadata, `none` alone.',
  'login.required': 'Ask without `prompt=none`.',
  'consent.required': 'Ask without `prompt=none`.',
  'person.denied': 'Tell the person that nothing was connected.',
  'client.not-let-in': 'An administrator of the organisation changes its list of clients (`gatehouse client-hosts`).',
  'owner.last': 'Make somebody else an owner first: `gatehouse people role`.',
  'rules.too-many': 'Remove rules that are not needed; a host covers all below it.',
  'person.without-tenant': 'Sign in as a member of an organisation.',
  'registration.unproven': 'Use the newest `registration_access_token` of this client; an update replaces it.',
  'metadata.malformed': SEND_AGAIN,
  'metadata.refused': 'Read `error_description`; it names the field.',
  'metadata.redirect': 'Register https, a loopback address, or a private-use scheme of a public client.',
  'caller.unproven':
    'The operator compares `INTERNAL_CLIENTS` of auth with `MCP_CLIENT_ID` and `MCP_CLIENT_KEY` of mcp, and the clocks.',
  'credential.inactive': 'Make a new API key.',
  'operator.unproven': 'Send `GATEHOUSE_ADMIN_TOKEN` as Bearer, or a token of a program that may administer.',
  'operator.not-allowed': ADMINISTER,
  'ring.fixed':
    'Add a key to the file that `KEYRING_FILES` names, or have the service of `KEY_SERVICES` bring the next one.',
  'thing.taken': 'Use another name, or change what has it.',
  'client.self-made': 'Switch the client off, or have its maker change it.',
  'client.without-secret': 'Change its `authMethod` first.',
  'thing.unknown': 'List what there is.',
}

export const EDGE_ADVICE: Advice<typeof EDGE_REFUSALS> = {
  'host.repeated': 'Send the header once; look for a proxy that adds its own.',
  'host.unknown': 'The operator sets `PUBLIC_URL`, or names the host in `ALLOWED_HOSTS`.',
  'origin.refused': 'The operator names the origin in `ALLOWED_ORIGINS`.',
  'method.refused': 'Use POST.',
  'credential.missing': 'Follow `resource_metadata` of the challenge.',
  'key.missing': 'Make a key on the settings page. There is no OAuth at this endpoint.',
  'credential.malformed': 'Send one header, `Authorization: Bearer <token>`.',
  'credential.refused':
    'Refresh; if that is refused too, start the authorization again. A refused API key stays refused.',
  'key.of-project': 'Make a key of the organisation: `gatehouse keys create`.',
  'key.without-grant': 'Make a key with one of `apiKeyGrants` of the profile.',
  'tenant.unnamed': 'Send `X-Tenant: <slug>`.',
  'tenant.mismatch': "Use the host, and the `X-Tenant`, of the credential's own workspace.",
  'host.without-tenant': 'Use the host of a workspace: `tenancy.host` of the profile.',
  'tenant.unknown':
    'Start the authorization again. If it stays, the operator asks whether auth and mcp share a bus: tenants come over it.',
  'tenant.suspended': 'The tenant settles it with the platform; `gatehouse tenants` shows and changes the status.',
  'mcp.disabled': 'The operator: `gatehouse tenants mcp <tenant> on`.',
  'plan.without-mcp': 'Change the plan, or `plans.withMcp` of the profile.',
  'encoding.unsupported': 'Send the body uncompressed.',
  'type.unsupported': 'Send `Content-Type: application/json`.',
  'answer.unacceptable': 'Send `Accept: application/json, text/event-stream`.',
  'body.too-large': 'Send less than 1 MiB.',
  'rate.exceeded': `${WAIT} The limits are those of the profile: \`limits.requestsPerMinute\`, \`limits.tenantRequestsPerMinute\`.`,
  'keys.exceeded': `${WAIT} Look for a client with a wrong key, or somebody who guesses.`,
  'session.required': 'Call `initialize` and send the `Mcp-Session-Id` of its answer with every request.',
  'streams.exceeded':
    'Close a stream of this person or key: 32 may be open on one node, unless `STREAMS_PER_PRINCIPAL` says otherwise.',
  'streams.of-tenant': 'Close streams of this workspace, or give a node more: `STREAMS_PER_TENANT`.',
}

export const CODE_ADVICE: Readonly<Record<keyof typeof CODES, readonly [status: string, cause: string, todo: string]>> =
  {
    parse: ['400', 'The body is no JSON in UTF-8.', SEND_AGAIN],
    invalidRequest: [
      '400',
      'No JSON-RPC message, nested too deeply, or a version header that is not known.',
      SEND_AGAIN,
    ],
    methodNotFound: ['404 (2026-07-28), 200 (older)', 'The method does not exist in this revision.', SEND_AGAIN],
    invalidParams: [
      '200; 400 for a missing `_meta` field',
      'A parameter is missing or does not fit: unknown tool, bad arguments, unknown cursor, in 2026-07-28 an unknown resource.',
      'Read the message; list again.',
    ],
    internal: [
      '200, 500 or 503',
      'A fault of ours (`data.requestId` names it in the log), a deadline, or, with 503, something that cannot be reached.',
      'With 503 wait as `Retry-After` says: nothing was done. A call that was carried out but not recorded says so.',
    ],
    headerMismatch: [
      '400',
      '`MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name` or an `Mcp-Param-*` header differs from the body.',
      SEND_AGAIN,
    ],
    missingCapability: [
      '400',
      'The request has to ask the client for something that it did not declare; `data.requiredCapabilities` names it.',
      'Use a client that can be asked.',
    ],
    sessionNotFound: [
      '404',
      'Older revisions: the session has ended, is older than a day, or is somebody else’s.',
      'Call `initialize` again, without `Mcp-Session-Id`.',
    ],
    unsupportedVersion: ['400', 'The version in `_meta` is not served.', 'Use one of `data.supported`.'],
    legacyResourceNotFound: ['200', 'Older revisions: there is no such resource in this tenant.', 'List again.'],
  }

export const AUDIT_ADVICE: Advice<typeof PROBLEMS> = {
  'credential.missing':
    'Send `GATEHOUSE_ADMIN_TOKEN` as Bearer, a token of a program that may administer, or one of the organisation.',
  'credential.wrong': 'Send the token that this installation was started with, or get a new access token.',
  'operator.not-allowed': ADMINISTER,
  'token.unverifiable': WAIT,
  'scope.missing': 'Ask for a token with the scope `audit:read` for the resource `/admin/v1/audit`.',
  'permission.missing': 'Ask an owner of the organisation for a role that permits `audit:read`.',
  'ring.unknown': 'Use a ring that `gatehouse keys list` shows.',
  'ring.kept':
    'Rotate with `--now` alone: what the old key signed stays verifiable; keep heads outside as docs/audit.md says.',
  'ring.left-empty': 'Send `now` with it, or leave it out.',
  'class.unknown': 'Use a class that `gatehouse audit retention` lists.',
  'tails.many': 'Close other live views; the list itself needs none.',
  'bus.away': WAIT,
  'query.invalid': 'Read `error_description`; it names the parameter.',
  'cursor.invalid': 'Begin without a cursor.',
  'database.away': `${WAIT} Events wait on the bus meanwhile.`,
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
const row = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map((one) => cell(String(one))).join(' | ')} |`

/** `docs/errors.md`. */
export function errorsPage(): string {
  return `${[
    '# Refusals',
    '',
    'Made from the tables in the code; a test fails when this page is out of date. The reason stands in the log, the rest leaves the',
    'process. Every answer carries `X-Request-Id`; a log line of the same id says more.',
    '',
    '## auth',
    '',
    'RFC 6749 JSON (`error`, `error_description`, `request_id`). After client and redirect are proven, refusals of `/oauth/authorize`',
    'go to the redirect URI with `state` and `iss`. Table: `services/auth/src/errors.ts`.',
    '',
    '| reason | error | status | cause | what to do |',
    '| --- | --- | --: | --- | --- |',
    ...keysOf(REFUSALS).map((reason) => {
      const { error, status, text } = REFUSALS[reason]
      return row(`\`${reason}\``, `\`${error}\``, status, text, AUTH_ADVICE[reason])
    }),
    '',
    '## Pages of auth',
    '',
    'What a person reads where nothing can be sent back to the client. Table: `services/auth/src/http/pages.ts`.',
    '',
    '| reason | status | title | cause | what to do |',
    '| --- | --: | --- | --- | --- |',
    ...keysOf(PAGE_FAULTS).map((reason) => {
      const { status, title, cause, whatToDo } = PAGE_FAULTS[reason]
      return row(`\`${reason}\``, status, title, cause, whatToDo)
    }),
    '',
    '## mcp, before a method is looked at',
    '',
    'A JSON-RPC error whose code is the HTTP status. Table: `services/mcp/src/errors.ts`. A missing scope of an OAuth token is 403 with',
    '`error="insufficient_scope"` in the challenge, naming the scopes to ask for; nothing ran.',
    '',
    '| reason | status | cause | what to do |',
    '| --- | --: | --- | --- |',
    ...keysOf(EDGE_REFUSALS).map((reason) => {
      const { status, message } = EDGE_REFUSALS[reason]
      return row(`\`${reason}\``, status, message, EDGE_ADVICE[reason])
    }),
    '',
    '## mcp, JSON-RPC codes',
    '',
    '| code | status | cause | what to do |',
    '| --: | --- | --- | --- |',
    ...keysOf(CODES).map((name) => row(CODES[name], ...CODE_ADVICE[name])),
    '',
    'A tool that fails in a way it explains, a missing permission, and an API key that lacks a scope are results with `isError: true`.',
    '',
    '## audit',
    '',
    'JSON as above. Table: `services/audit/src/errors.ts`.',
    '',
    '| reason | error | status | cause | what to do |',
    '| --- | --- | --: | --- | --- |',
    ...keysOf(PROBLEMS).map((reason) => {
      const { error, status, description } = PROBLEMS[reason]
      return row(`\`${reason}\``, `\`${error}\``, status, description, AUDIT_ADVICE[reason])
    }),
  ].join('\n')}\n`
}

const keysOf = <T extends object>(table: T): readonly (keyof T & string)[] => Object.keys(table) as (keyof T & string)[]
