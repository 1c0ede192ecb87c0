import { facts, link, moment, outcome, postForm, type ScopeText, scopeList } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayHost, displayName } from '../text.ts'

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

export interface AuthorizedApps extends SettingsParts {
  readonly apps: readonly AuthorizedApp[]
  /** Page that tells how to connect an application. */
  readonly connectHref: string
}

export function authorizedAppsPage(of: AuthorizedApps): string {
  const { csrf, apps, connectHref } = of
  const body = html`<h1>${of.title}</h1>
<p class="lead">Applications that may act for you${apps.length > 0 ? '. Revoke one, and its access ends everywhere within a second' : ' are listed here'}.</p>
${outcome(of)}
${apps.length > 0 ? html`<ul class="apps">\n${apps.map((app) => entry(app, csrf))}</ul>` : none(connectHref)}`
  return page({ ...of, body, width: 'wide' })
}

const none = (connectHref: string): Html => html`<div class="empty">
<p><strong>No application has access</strong></p>
<p>${link(connectHref, 'Connect one')}, and it appears here when you have allowed it.</p>
</div>`

function entry(app: AuthorizedApp, csrf: string): Html {
  const name = displayName(app.name)
  return html`<li>
<div class="app-head"><h2><bdi>${name}</bdi>${app.host !== undefined && html` <code>${app.host.split(', ').map(displayHost).join(', ')}</code>`}</h2>
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
  ['Allowed', moment(app.grantedAt)],
  ['Last used', app.lastUsed === undefined ? 'Never' : moment(app.lastUsed)],
])}
</li>
`
}
