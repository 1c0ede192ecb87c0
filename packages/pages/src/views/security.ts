import { checkbox, facts, field, moment, notice, outcome, postForm } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayName, displayTime } from '../text.ts'

export interface SessionView {
  readonly id: string
  /** In words. */
  readonly browser: string
  /** About where from; empty when it is not known. */
  readonly network: string
  /** The provider that vouched; absent for a password. */
  readonly method?: string | undefined
  readonly signedInAt: Date
  readonly seenAt: Date
  /** Whether it is the one that looks at the page. */
  readonly current: boolean
}

export interface SecurityView extends SettingsParts {
  /** Path below which `/session`, `/sign-out-everywhere`, `/password` and `/unlink` take forms. */
  readonly action: string
  readonly hasPassword: boolean
  readonly sessions: readonly SessionView[]
  readonly identities: readonly {
    readonly label: string
    readonly email: string
    readonly usedAt: Date
    readonly fields: Readonly<Record<string, string>>
  }[]
  /** Providers that can be added. */
  readonly linkable: readonly { readonly label: string; readonly action: string }[]
  /** What is wrong with the password form. */
  readonly faults?: { readonly current?: string; readonly password?: string } | undefined
}

export function securityPage(view: SecurityView): string {
  const { csrf, action, sessions } = view
  const body = html`<h1>${view.title}</h1>
<p class="lead">Where you are signed in, and how.</p>
${outcome(view)}
<h2 id="sessions">Browsers that are signed in</h2>
<ul class="apps rows" aria-labelledby="sessions">
${sessions.map((session) => entry(session, action, csrf))}</ul>
${postForm({
  action: `${action}/sign-out-everywhere`,
  csrf,
  className: 'block',
  body: html`${takeBack('everywhere')}
<button class="danger">Sign out everywhere</button>`,
})}
${view.hasPassword && passwordForm(view)}
${(view.identities.length > 0 || view.linkable.length > 0) && elsewhere(view)}`
  return page({ ...view, body, width: 'wide' })
}

function entry(
  { id, browser, network, method, signedInAt, seenAt, current }: SessionView,
  action: string,
  csrf: string,
) {
  return html`<li>
<div class="app-head"><h2>${displayName(browser)}${current && html` <span class="tag">This browser</span>`}</h2>
${postForm({
  action: `${action}/session`,
  csrf,
  hidden: { session: id },
  body: html`<button class="danger" aria-label="Sign out ${displayName(browser)}${current ? ', this browser' : `, signed in ${displayTime(signedInAt)}`}">Sign out</button>`,
})}</div>
${facts([
  ['Signed in', html`${moment(signedInAt)}${method !== undefined && html` with <bdi>${displayName(method)}</bdi>`}`],
  ['Last used', moment(seenAt)],
  ...(network === '' ? [] : [['Network', html`<code>${network}</code>`] as const]),
])}
</li>
`
}

function passwordForm({ action, csrf, faults, person }: SecurityView): Html {
  const wrong = faults?.current !== undefined || faults?.password !== undefined
  return html`<section class="part" aria-labelledby="password">
<h2 id="password">Change your password</h2>
<p class="quiet">Every other browser is signed out then.</p>
${wrong && notice({ tone: 'alert', title: 'Your password is not changed.' })}
${postForm({
  action: `${action}/password`,
  csrf,
  className: 'narrow-form',
  body: html`${person && html`<input type="hidden" name="username" autocomplete="username" value="${person.email}">`}
${field({ name: 'current', label: 'Current password', type: 'password', autocomplete: 'current-password', required: true, error: faults?.current, focus: faults?.current !== undefined })}
${field({ name: 'password', label: 'New password', type: 'password', autocomplete: 'new-password', required: true, hint: 'At least 12 characters. A few words in a row are good.', error: faults?.password, focus: faults?.password !== undefined })}
${takeBack('password')}
<button>Change password</button>`,
})}
</section>`
}

const takeBack = (form: string): Html =>
  checkbox({
    id: `applications-${form}`,
    name: 'applications',
    value: 'revoke',
    label: 'Also take back what applications may do',
  })

function elsewhere({ action, csrf, identities, linkable }: SecurityView): Html {
  return html`<section class="part" aria-labelledby="elsewhere">
<h2 id="elsewhere">Sign in elsewhere</h2>
${
  identities.length > 0 &&
  html`<ul class="apps rows">
${identities.map(
  ({ label, email, usedAt, fields }) => html`<li>
<div class="app-head"><h2><bdi>${displayName(label)}</bdi></h2>
${postForm({
  action: `${action}/unlink`,
  csrf,
  hidden: fields,
  body: html`<button class="danger" aria-label="Remove ${displayName(label)}">Remove</button>`,
})}</div>
${facts([
  ['Account', displayName(email, 100)],
  ['Last used', moment(usedAt)],
])}
</li>
`,
)}</ul>`
}
${linkable.map(({ label, action }) =>
  postForm({ action, csrf, className: 'block', body: html`<button>Link <bdi>${displayName(label)}</bdi></button>` }),
)}
</section>`
}
