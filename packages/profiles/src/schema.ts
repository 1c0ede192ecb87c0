import { z } from 'zod'

/** A client that sees one of these asks there itself, past us (MCP 2026-07-28, resources, common URI schemes). */
const FETCHED: ReadonlySet<string> = new Set(['http', 'https', 'file', 'ftp', 'ws', 'wss', 'data', 'javascript'])

const path = z.string().regex(/^\/[A-Za-z0-9/_.-]*[A-Za-z0-9_-]$/, 'must start with "/" and not end with one')
const scopeName = z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be one scope token (RFC 6749 section 3.3)')
const seconds = z.number().int().nonnegative()
const host = z.string().regex(/^(?:[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[::1\])$/, 'must be a host name in lower case')
const scheme = z.string().regex(/^[a-z][a-z0-9+.-]*$/, 'must be a URI scheme in lower case, without the colon')
/** One entry of `redirectDomains`; also of the variable that takes its place. */
export const redirectDomain = z.union([host, z.string().regex(/^[a-z][a-z0-9+.-]*:$/)], {
  error: 'must be a host name in lower case, or a scheme with its colon',
})

const scope = z.strictObject({
  name: scopeName.describe('As it stands in tokens and metadata.'),
  text: z.string().min(1).describe('What it allows, in words for the consent page.'),
  implies: z.array(scopeName).default([]).describe('Scopes that a holder of this one also has.'),
  narrowing: z.boolean().default(false).describe('Narrows access when present and is never demanded by a challenge.'),
})

const permission = z.string().min(1).default('settings:manage_settings')

const identifier = z
  .string()
  .refine(
    (value) => (value.startsWith('/') ? path.safeParse(value).success : URL.canParse(value) && !value.includes('#')),
    'must be an absolute URI without a fragment, or a path of this deployment',
  )

const resource = z.strictObject({
  identifier: identifier.describe('The audience of its tokens: an absolute URI, or a path below the public URL.'),
  name: z.string().min(1).max(100).describe('What the consent page calls it.'),
  aliases: z.array(identifier).default([]).describe('Other spellings that clients send for it.'),
  scopes: z
    .array(scope.omit({ narrowing: true }))
    .min(1)
    .describe('Scopes that it understands.'),
  defaultScopes: z
    .array(scopeName)
    .default([])
    .describe('Granted when a request for it names no scope; without any such a request is refused.'),
  accessTokenSeconds: z
    .number()
    .int()
    .min(60)
    .max(86_400)
    .optional()
    .describe('Life time of its access tokens, if not the one of the deployment.'),
  apiKeys: z.boolean().optional().describe('`false`: API keys cannot have its scopes.'),
  publicKeys: z
    .array(z.record(z.string(), z.unknown()).refine((jwk) => !('d' in jwk || 'k' in jwk), 'must be a public key'))
    .default([])
    .describe('Public keys (JWK) with which it proves itself at introspection (`private_key_jwt`).'),
})

/** A deployment's names, paths, scopes, plans and limits. Data only; see `profiles/*.yaml`. */
export const profileSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('The name of the profile.'),
  server: z.strictObject({
    name: z.string().min(1).describe('`serverInfo.name` of the MCP endpoint.'),
    title: z.string().min(1).describe('The name for people.'),
    version: z.string().min(1).describe('`serverInfo.version`.'),
    instructions: z.string().max(4_000).optional().describe('Guidance that clients may show to the model.'),
    logging: z
      .boolean()
      .default(true)
      .describe(
        'Whether clients may ask for log messages of tools; without it the capability `logging` is not declared.',
      ),
  }),
  uriScheme: z
    .string()
    .regex(/^[a-z][a-z0-9+.-]*$/)
    .refine((scheme) => !FETCHED.has(scheme), 'must not be one that clients fetch themselves')
    .describe('Scheme of resource URIs, without the colon.'),
  catalogs: z
    .array(z.string())
    .min(1)
    .describe(
      'The catalogs that this deployment serves: `tracker` is the package `@gatehouse/catalog-tracker`; a name with a scope or a path is a module of your own, looked for from the working directory.',
    ),
  paths: z.strictObject({
    mcp: path.default('/mcp').describe('The MCP endpoint (Streamable HTTP).'),
    sse: path.optional().describe('The stream of HTTP+SSE (2024-11-05); a resource of its own. Absent: not offered.'),
    messages: path.optional().describe('Where HTTP+SSE clients post; goes with `paths.sse`.'),
    register: path.default('/oauth/register').describe('Dynamic client registration (RFC 7591).'),
    authorizedApps: path.default('/settings/authorized-apps').describe('Where a person reviews and revokes clients.'),
    apiKeys: path.default('/settings/api-keys').describe('Where API keys are made and revoked.'),
    billing: path.optional().describe('Named by the answer to a suspended tenant.'),
  }),
  tenancy: z
    .strictObject({
      by: z
        .enum(['account', 'host'])
        .default('account')
        .describe(
          '`account`: one host; a token speaks for an organisation of its person. `host`: each organisation has a host, and there an issuer, an MCP resource, clients, sessions and consents of its own.',
        ),
      account: z
        .enum(['follow', 'pinned'])
        .default('follow')
        .describe(
          'By account: a token speaks for the organisation that its person has selected now (`follow`), or for the one that it was allowed for (`pinned`).',
        ),
      host: z
        .string()
        .regex(
          /^\{tenant\}(?:[a-z0-9.-]*)\{host\}$|^\{tenant\}[a-z0-9.-]*[a-z0-9](?::[0-9]+)?$/,
          'must be `{tenant}` and what follows it',
        )
        .default('{tenant}.{host}')
        .describe('By host: the host of an organisation; `{tenant}` is its slug, `{host}` the host of the public URL.'),
      issuer: z
        .enum(['origin', 'mcp-path'])
        .default('origin')
        .describe(
          "By host: the issuer of an organisation is its host's origin, or that with the path of the MCP endpoint.",
        ),
    })
    .prefault({}),
  scopes: z.array(scope).min(1).describe('Scopes of the MCP resource.'),
  defaultScopes: z.array(scopeName).min(1).describe('Granted when an authorization request names no scope.'),
  resources: z
    .array(resource)
    .default([])
    .describe('Audiences beside the MCP endpoint. More can be registered at run time (`gatehouse resources`).'),
  openid: z.boolean().default(true).describe('Offers `openid profile email`, ID tokens and UserInfo.'),
  grants: z
    .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']))
    .min(1)
    .default(['authorization_code', 'refresh_token'])
    .describe('Grants of the token endpoint. `client_credentials` is for clients that an operator registered.'),
  credentials: z
    .array(z.enum(['oauth', 'api-key']))
    .min(1)
    .default(['oauth'])
    .describe('What the MCP endpoint accepts.'),
  apiKeyPrefix: z
    .string()
    .regex(/^[a-z0-9_]+_$/)
    .default('gh_')
    .describe('First characters of API keys.'),
  apiKeyInQuery: z
    .boolean()
    .default(false)
    .describe(
      'API keys may also come as `?api_key=`, for clients that can send no header. Proxies in front may log them.',
    ),
  apiKeyGrants: z
    .array(scopeName)
    .default([])
    .describe(
      'Scopes of API keys of which one is needed at the MCP endpoint; it gives the scopes of `defaultScopes`. None: a key needs no such grant, and holds its own scopes only.',
    ),
  apiKeyPermissions: z
    .enum(['scopes', 'maker'])
    .default('scopes')
    .describe(
      'What a key may do: what its scopes allow (`scopes`), or of that only what the role of the person who made it permits (`maker`). Keys that an operator made have no maker.',
    ),
  apiKeyTenantHeader: z
    .boolean()
    .default(false)
    .describe(
      'API keys are good only on requests with `X-Tenant`, and only when that is the slug of their organisation.',
    ),
  accessTokenSeconds: z.number().int().min(60).max(86_400).default(600).describe('Life time of access tokens.'),
  refreshTokenSeconds: seconds.default(2_592_000).describe('Life time of a refresh token, from its last use.'),
  refreshFamilySeconds: z
    .number()
    .int()
    .positive()
    .default(7_776_000)
    .describe('How long refresh tokens of one authorization are renewed at most; then the person authorizes again.'),
  requirePushedRequests: z
    .boolean()
    .default(false)
    .describe('Authorization requests have to be pushed first (RFC 9126); a client can ask this of itself.'),
  clientDocuments: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Clients may be known by the URL of their metadata document.'),
      allow: z
        .array(host)
        .default([])
        .describe('Only documents of these hosts, and of those below them; none = of all.'),
      deny: z.array(host).default([]).describe('Never documents of these hosts, nor of those below them.'),
    })
    .prefault({}),
  clientAssertionAudience: z
    .enum(['issuer', 'issuer-or-token-endpoint'])
    .default('issuer')
    .describe('What `aud` of a client assertion (`private_key_jwt`) may be. The token endpoint is for older clients.'),
  redirectDomains: z
    .array(redirectDomain)
    .default([])
    .describe(
      'Clients that register themselves may be sent only to these hosts, and to those below them; none = to any. `localhost` and `127.0.0.1` are listed like others, private-use schemes as `cursor:`.',
    ),
  redirectSchemes: z
    .array(scheme)
    .default([])
    .describe('Private-use schemes of redirects that are good beside those of known applications, without the colon.'),
  refreshRetrySeconds: z
    .number()
    .int()
    .min(0)
    .max(600)
    .default(120)
    .describe('A repeated refresh inside this window gets the same successor; 0 is the strict rule.'),
  auditRefreshes: z
    .boolean()
    .default(false)
    .describe('Whether each refresh of tokens is an event of the audit log, beside what first issues them.'),
  auditServiceTokens: z
    .boolean()
    .default(true)
    .describe('Whether each token that a service gets for itself (`client_credentials`) is an event of the audit log.'),
  staleGraceSeconds: seconds
    .default(60)
    .describe('How long tokens are still verified locally when revocations cannot be followed; 0 = refuse at once.'),
  roles: z
    .record(z.string(), z.array(z.string()))
    .describe('Roles of a tenant and the permissions they give. A catalog names the permissions it needs.'),
  plans: z.strictObject({
    all: z.array(z.string()).min(1).describe('Every plan that a tenant may have.'),
    withMcp: z.array(z.string()).min(1).describe('Plans that include MCP.'),
  }),
  settings: z
    .strictObject({
      permissions: z
        .strictObject({
          apiKeys: permission.describe('Needed to make, change and revoke API keys.'),
          members: permission.describe('Needed to invite people, to change their roles and to remove them.'),
          clients: permission.describe('Needed to say which clients people may connect.'),
        })
        .prefault({}),
      titles: z
        .strictObject({
          authorizedApps: z.string().min(1).default('Authorized apps').describe('Of the page of connected clients.'),
          apiKeys: z.string().min(1).default('API keys').describe('Of the page of API keys.'),
          apiKeysWithoutMcp: z
            .string()
            .min(1)
            .optional()
            .describe('Of the same page in a plan without MCP, where keys are for the REST API alone.'),
        })
        .prefault({}),
      projectKeys: z
        .boolean()
        .default(false)
        .describe("Whether keys can be made for one project: for the company's own interfaces, refused by MCP."),
      suspended: z
        .string()
        .max(1_000)
        .default('Your organisation is suspended. What it has is kept, and comes back as it was.')
        .describe('What members of a suspended tenant read at `paths.billing`, before who can help.'),
    })
    .describe("The settings pages. A permission that no role has is the `owner`'s.")
    .prefault({}),
  limits: z.strictObject({
    requestsPerMinute: z.number().int().positive().default(600).describe('Per credential, in a fixed window.'),
    tenantRequestsPerMinute: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Of all credentials of a tenant together, in a fixed window; absent: only each by itself.'),
  }),
  branding: z.strictObject({
    name: z.string().min(1).describe('Shown on every page.'),
    accent: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i)
      .default('#1f5f5b')
      .describe('Accent colour of pages, `#rrggbb`.'),
    supportUrl: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe('Where people get help.'),
  }),
})

export type Profile = z.infer<typeof profileSchema>
export type ProfileScope = Profile['scopes'][number]
export type ProfileResource = Profile['resources'][number]
