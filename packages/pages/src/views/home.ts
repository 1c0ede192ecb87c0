import { copyable, facts, link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page, type SignedIn, type Surroundings } from '../shell.ts'
import { displayName } from '../text.ts'

export interface Home extends Surroundings {
  readonly brand: Brand
  readonly person: SignedIn
  readonly tenant: { readonly name: string; readonly role?: string | undefined }
  /** Absolute URL of the MCP endpoint. */
  readonly mcpUrl: string
  /** Where connected applications are reviewed. */
  readonly appsHref: string
}

export function homePage({ brand, person, nav, tenant, mcpUrl, appsHref }: Home): string {
  const body = html`<h1>Connect an AI application</h1>
<p class="lead">Give this address to Claude, ChatGPT, Cursor, Codex, VS Code or any other application that can use an MCP server. It sends you back here to sign in and decide what it may do.</p>
${copyable({ id: 'mcp-url', label: 'MCP server address', value: mcpUrl })}
<h2>Your account</h2>
${facts([
  ['You', html`${displayName(person.name)} <span class="quiet">${displayName(person.email, 100)}</span>`],
  ['Organisation', displayName(tenant.name)],
  ...(tenant.role === undefined ? [] : [['Role', capitalized(displayName(tenant.role))] as const]),
  ['Applications', link(appsHref, 'Review authorized apps')],
])}`
  return page({ title: 'Connect', brand, body, nav, person, width: 'wide' })
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
