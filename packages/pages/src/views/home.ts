import { copyable, facts, link, postForm } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page, type SignedIn, type Surroundings } from '../shell.ts'
import { displayName } from '../text.ts'

export interface Home extends Surroundings {
  readonly brand: Brand
  readonly person: SignedIn
  readonly tenant: { readonly name: string; readonly role?: string | undefined }
  /** Where else the person belongs. */
  readonly others?: readonly { readonly id: string; readonly name: string; readonly role: string }[] | undefined
  /** Path that takes `tenant` to select another one. */
  readonly switchTo?: { readonly action: string; readonly csrf: string } | undefined
  /** Absolute URL of the MCP endpoint. */
  readonly mcpUrl: string
  /** Where connected applications are reviewed. */
  readonly appsHref: string
  /** The log of the organisation, for those who may see it. */
  readonly activityHref?: string | undefined
}

export function homePage({
  brand,
  person,
  nav,
  tenant,
  mcpUrl,
  appsHref,
  activityHref,
  others = [],
  switchTo,
}: Home): string {
  const body = html`<h1>Connect an AI application</h1>
<p class="lead">Give this address to Claude, ChatGPT, Cursor, Codex, VS Code or any other application that can use an MCP server. It sends you back here to sign in and decide what it may do.</p>
${copyable({ id: 'mcp-url', label: 'MCP server address', value: mcpUrl })}
<h2>Your account</h2>
${facts([
  ['You', html`${displayName(person.name)} <span class="quiet">${displayName(person.email, 100)}</span>`],
  ['Organisation', displayName(tenant.name)],
  ...(tenant.role === undefined ? [] : [['Role', capitalized(displayName(tenant.role))] as const]),
  ['Applications', link(appsHref, 'Review authorized apps')],
  ...(activityHref === undefined ? [] : [['Activity', link(activityHref, 'See what was done')] as const]),
])}
${
  switchTo &&
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
}`
  return page({ title: 'Connect', brand, body, nav, person, width: 'wide' })
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
