export interface BannerFacts {
  readonly version: string
  readonly profile: string
  readonly parts: string
  readonly publicUrl: string
  readonly mcpUrl: string
  /** The stream of HTTP+SSE, where the profile has it. */
  readonly sseUrl?: string
  /** API keys are the only credential: a client is given one, and signs nobody in. */
  readonly keysAlone: boolean
  /** Origins of the organisations, where each has a host of its own. */
  readonly hosts: readonly string[]
  /** What an API key has to name, where it has to. */
  readonly keyTenant?: string
  readonly folder: string | undefined
  readonly adminToken: string
  readonly demo:
    | {
        readonly password: string
        /** Where the MCP endpoint takes API keys. */
        readonly apiKey?: string
        readonly tenants: readonly { readonly slug: string; readonly people: readonly { readonly email: string }[] }[]
      }
    | undefined
  readonly readyMs: number
}

/** What `npm start` prints when it is ready: where it is, who may sign in, and one line for each client. */
export function banner(facts: BannerFacts, color: boolean): string {
  const paint = (code: string) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const bold = paint('1')
  const dim = paint('2')
  const accent = paint('36')
  const row = (label: string, value: string) => `  ${dim(label.padEnd(15))}${value}`
  const lines = [
    '',
    `  ${bold(`Gatehouse ${facts.version}`)}  ${dim(`profile ${facts.profile} · ${facts.parts}`)}`,
    '',
    row('MCP endpoint', accent(facts.mcpUrl)),
    ...(facts.sseUrl === undefined ? [] : [row('HTTP+SSE', accent(facts.sseUrl))]),
    row('Pages', accent(`${facts.hosts[0] ?? facts.publicUrl}/`)),
    row('Admin API', `${facts.publicUrl}/admin/v1`),
    row('Admin token', facts.adminToken),
  ]
  if (facts.demo !== undefined) {
    lines.push('', row('Demo accounts', `password ${bold(facts.demo.password)}`))
    for (const { slug, people } of facts.demo.tenants) {
      lines.push(row('', `${dim(slug.padEnd(9))}${people.map(({ email }) => email).join('  ')}`))
    }
    if (facts.demo.apiKey !== undefined) lines.push(row('Demo API key', facts.demo.apiKey))
  }
  if (facts.hosts.length > 0) {
    const names = facts.hosts.map((origin) => new URL(origin).hostname)
    lines.push(
      '',
      row('Organisations', facts.hosts.join('  ')),
      row('', dim('Where a program does not find these names, /etc/hosts needs this line:')),
      row('', `127.0.0.1 ${names.join(' ')}`),
    )
  }
  lines.push(
    '',
    `  ${bold('Connect')}`,
    ...clientLines(facts).map(([label, line]) => row(label, line)),
    row('Operate it', commandLine(facts)),
    '',
    `  ${dim(
      `ready in ${(facts.readyMs / 1000).toFixed(1)} s${facts.folder === undefined ? '' : ` · data in ${facts.folder}`} · Ctrl-C ends it`,
    )}`,
    '',
  )
  return lines.join('\n')
}

const commandLine = ({ publicUrl, adminToken }: BannerFacts): string =>
  `GATEHOUSE_URL=${publicUrl} GATEHOUSE_ADMIN_TOKEN=${adminToken} npm run -s gatehouse -- tenants list`

const INSPECTOR_PAGE =
  'npx @modelcontextprotocol/inspector@latest, then Streamable HTTP, the URL, Open Auth Settings, Quick OAuth Flow'

/** One line for each client. Where keys are all there is, the line has the demo's, or a place for one. */
function clientLines({ profile, mcpUrl, sseUrl, keysAlone, keyTenant, demo }: BannerFacts): [string, string][] {
  const inspector = `npx @modelcontextprotocol/inspector@latest --cli ${mcpUrl} --transport http --method tools/list`
  if (!keysAlone) {
    return [
      ['Claude Code', `claude mcp add --transport http ${profile} ${mcpUrl}`],
      ['Codex', `codex mcp add ${profile} --url ${mcpUrl}`],
      // Without a page it signs nobody in.
      ['Inspector', demo?.apiKey === undefined ? INSPECTOR_PAGE : `${inspector}${keyHeaders(demo.apiKey, keyTenant)}`],
      ['Any client', `give it the URL ${mcpUrl}; it finds the rest by itself`],
    ]
  }
  const headers = keyHeaders(demo?.apiKey ?? '<API key>', keyTenant)
  const bridged = sseUrl === undefined ? mcpUrl : `${sseUrl} --transport sse-only`
  return [
    ['Claude Code', `claude mcp add --transport http ${profile} ${mcpUrl}${headers}`],
    ['Claude Desktop', `npx mcp-remote ${bridged}${headers}`],
    ['Codex', `codex mcp add ${profile} -- npx mcp-remote ${mcpUrl}${headers}`],
    ['Inspector', `${inspector}${headers}`],
    ['Any client', `give it the URL ${sseUrl ?? mcpUrl} and an API key as Bearer token`],
  ]
}

const keyHeaders = (apiKey: string, tenant: string | undefined): string =>
  ` --header "Authorization: Bearer ${apiKey}"${tenant === undefined ? '' : ` --header "X-Tenant: ${tenant}"`}`
