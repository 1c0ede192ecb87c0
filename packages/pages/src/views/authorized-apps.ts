import { facts, link, postForm, type ScopeText, scopeList } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { type Brand, page, type Surroundings } from '../shell.ts'
import { displayHost, displayName, displayTime } from '../text.ts'

export interface AuthorizedApp {
  readonly name: string
  readonly host?: string | undefined
  readonly resource: { readonly name: string; readonly uri: string }
  readonly tenant?: { readonly name: string } | undefined
  readonly scopes: readonly ScopeText[]
  /** Absent when it was never used. */
  readonly lastUsed?: Date | undefined
  readonly grantedAt: Date
  /** Path that the revoke button posts `csrf` (and `revokeFields`) to. */
  readonly revokeAction: string
  readonly revokeFields?: Readonly<Record<string, string>> | undefined
}

export interface AuthorizedApps extends Surroundings {
  readonly brand: Brand
  readonly csrf: string
  readonly apps: readonly AuthorizedApp[]
  /** What was just done, as a sentence: `Claude Code no longer has access.` */
  readonly done?: string | undefined
  /** Page that tells how to connect an application. */
  readonly connectHref: string
}

export function authorizedAppsPage({ brand, csrf, apps, done, connectHref, nav, person }: AuthorizedApps): string {
  const body = html`<h1>Authorized apps</h1>
<p class="lead">Applications that may act for you${apps.length > 0 ? '. Revoke one, and its access ends everywhere within a second' : ' are listed here'}.</p>
${done !== undefined && html`<div class="notice note" role="status"><p class="notice-title">${done}</p></div>`}
${apps.length > 0 ? html`<ul class="apps">\n${apps.map((app) => entry(app, csrf))}</ul>` : none(connectHref)}`
  return page({ title: 'Authorized apps', brand, body, nav, person, width: 'wide' })
}

const none = (connectHref: string): Html => html`<div class="empty">
<p><strong>No application has access</strong></p>
<p>${link(connectHref, 'Connect one')}, and it appears here when you have allowed it.</p>
</div>`

function entry(app: AuthorizedApp, csrf: string): Html {
  const name = displayName(app.name)
  return html`<li>
<div class="app-head"><h2><bdi>${name}</bdi>${app.host !== undefined && html` <code>${displayHost(app.host)}</code>`}</h2>
${postForm({
  action: app.revokeAction,
  csrf,
  hidden: app.revokeFields,
  body: html`<button class="danger" aria-label="Revoke ${name}">Revoke</button>`,
})}</div>
${scopeList(app.scopes)}
${facts([
  ...(app.tenant === undefined ? [] : [['Organisation', displayName(app.tenant.name)] as const]),
  ['Server', html`${displayName(app.resource.name)} <code>${app.resource.uri}</code>`],
  ['Allowed', time(app.grantedAt)],
  ['Last used', app.lastUsed === undefined ? 'Never' : time(app.lastUsed)],
])}
</li>
`
}

const time = (at: Date): Html => html`<time datetime="${at.toISOString()}">${displayTime(at)}</time>`
