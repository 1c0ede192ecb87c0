import { copyable, facts, link, postForm } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts, type SignedIn } from '../shell.ts'
import { displayName } from '../text.ts'

export interface Home extends Omit<SettingsParts, 'csrf'> {
  readonly person: SignedIn
  readonly tenant: { readonly name: string; readonly role?: string | undefined }
  /** Where else the person belongs. */
  readonly others?: readonly { readonly id: string; readonly name: string; readonly role: string }[] | undefined
  /** Path that takes `tenant` to select another one. */
  readonly switchTo?: { readonly action: string; readonly csrf: string } | undefined
  /** Absolute URL of the MCP endpoint; absent in a plan without MCP. */
  readonly mcpUrl?: string | undefined
  /** Whether API keys are all that it takes. */
  readonly keysOnly?: boolean | undefined
  /** Where connected applications are reviewed; absent without MCP. */
  readonly appsHref?: string | undefined
  /** The log of the organisation, for those who may see it. */
  readonly activityHref?: string | undefined
}

export function homePage({
  person,
  tenant,
  mcpUrl,
  keysOnly = false,
  appsHref,
  activityHref,
  others = [],
  switchTo,
  ...around
}: Home): string {
  const body = html`${mcpUrl === undefined ? html`<h1>Your account</h1>` : connect(mcpUrl, keysOnly)}
${facts([
  ['You', html`${displayName(person.name)} <span class="quiet">${displayName(person.email, 100)}</span>`],
  ['Organisation', displayName(tenant.name)],
  ...(tenant.role === undefined ? [] : [['Role', capitalized(displayName(tenant.role))] as const]),
  ...(appsHref === undefined ? [] : [['Applications', link(appsHref, 'Review what has access')] as const]),
  ...(activityHref === undefined ? [] : [['Activity', link(activityHref, 'See what was done')] as const]),
])}
${switchTo && otherOrganisations(others, switchTo)}`
  return page({ ...around, person, body, width: 'wide' })
}

const connect = (mcpUrl: string, keysOnly: boolean): Html => html`<h1>Connect an AI application</h1>
<p class="lead">Give this address to Claude, ChatGPT, Cursor, Codex, VS Code or any other application that can use an MCP server. ${
  keysOnly
    ? 'With it goes an API key of your organisation.'
    : 'It sends you back here to sign in and decide what it may do.'
}</p>
${copyable({ id: 'mcp-url', label: 'MCP server address', value: mcpUrl })}
<h2>Your account</h2>`

/** Where else somebody belongs, each with a way there. */
export const otherOrganisations = (
  others: readonly { readonly id: string; readonly name: string; readonly role: string }[],
  switchTo: { readonly action: string; readonly csrf: string },
): Html | false =>
  others.length > 0 &&
  html`<h2>Your other organisations</h2>
<p class="quiet">What you connect from now on speaks for the organisation that is selected.</p>
<ul class="apps rows">
${others.map(
  ({ id, name, role }) => html`<li>
<div class="app-head"><h2><bdi>${displayName(name)}</bdi> <span class="quiet">${capitalized(displayName(role))}</span></h2>
${postForm({
  ...switchTo,
  hidden: { tenant: id },
  body: html`<button aria-label="Switch to ${displayName(name)}">Switch</button>`,
})}</div>
</li>
`,
)}</ul>`

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
