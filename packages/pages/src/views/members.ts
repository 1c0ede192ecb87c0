import { field, moment, outcome, postForm, select } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayName } from '../text.ts'
import { capitalized } from './home.ts'

export interface MemberView {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
  /** Whether it is who looks at the page. */
  readonly self: boolean
  /** Roles that may be given instead; none: only shown. */
  readonly roles: readonly string[]
}

export interface Members extends SettingsParts {
  readonly tenant: { readonly name: string }
  /** Path below which `/role`, `/remove`, `/invite` and `/uninvite` take forms. */
  readonly action: string
  readonly members: readonly MemberView[]
  readonly invitations: readonly {
    readonly id: string
    readonly email: string
    readonly role: string
    readonly expiresAt: Date
    readonly removable: boolean
  }[]
  /** Roles that may be given to somebody new. */
  readonly roles: readonly string[]
  readonly draft?: { readonly email: string; readonly fault: string } | undefined
}

export function membersPage(of: Members): string {
  const body = html`<h1>${of.title}</h1>
<p class="lead">Who belongs to <bdi>${displayName(of.tenant.name)}</bdi>, and what they may do there. A change holds everywhere within a second.</p>
${outcome({ done: of.done, problem: of.problem ?? (of.draft && 'Nobody is invited: see the address below.') })}
<ul class="apps rows">
${of.members.map((member) => entry(member, of))}</ul>
${of.invitations.length > 0 && invited(of)}
${of.roles.length > 0 && invite(of)}`
  return page({ ...of, body, width: 'wide' })
}

const roleOptions = (roles: readonly string[]) => roles.map((value) => ({ value, text: capitalized(value) }))

function entry({ id, name, email, role, self, roles }: MemberView, { action, csrf }: Members): Html {
  const shown = displayName(name)
  return html`<li>
<div class="app-head"><h2><bdi>${shown}</bdi>${self && html` <span class="tag">You</span>`} <code>${displayName(email, 100)}</code></h2>
${
  roles.length === 0
    ? html`<p class="quiet">${capitalized(displayName(role))}</p>`
    : postForm({
        action: `${action}/remove`,
        csrf,
        hidden: { person: id },
        body: html`<button class="danger" aria-label="${self ? 'Leave' : `Remove ${shown}`}">${self ? 'Leave' : 'Remove'}</button>`,
      })
}</div>
${
  roles.length > 0 &&
  postForm({
    action: `${action}/role`,
    csrf,
    hidden: { person: id },
    className: 'in-line',
    body: html`${select({ id: `role-${id}`, name: 'role', label: `Role of ${shown}`, value: role, options: roleOptions(roles) })}
<button aria-label="Change the role of ${shown}">Change</button>`,
  })
}
</li>
`
}

const invited = ({ action, csrf, invitations }: Members): Html => html`<h2>Invited</h2>
<ul class="apps rows">
${invitations.map(
  ({ id, email, role, expiresAt, removable }) => html`<li>
<div class="app-head"><p><bdi>${displayName(email, 100)}</bdi> <span class="quiet">as ${displayName(role)}, until ${moment(expiresAt)}</span></p>
${
  removable &&
  postForm({
    action: `${action}/uninvite`,
    csrf,
    hidden: { invitation: id },
    body: html`<button class="danger" aria-label="Take back the invitation of ${displayName(email, 100)}">Take back</button>`,
  })
}</div>
</li>
`,
)}</ul>`

const invite = ({ action, csrf, roles, draft }: Members): Html => html`<section class="part" aria-labelledby="invite">
<h2 id="invite">Invite somebody</h2>
<p class="quiet">They get a link by mail. It can be used once.</p>
${postForm({
  action: `${action}/invite`,
  csrf,
  className: 'narrow-form',
  body: html`${field({ name: 'email', label: 'Email', type: 'email', autocomplete: 'off', value: draft?.email, required: true, error: draft?.fault })}
${select({ name: 'role', label: 'Role', value: roles.includes('member') ? 'member' : roles.at(-1), options: roleOptions(roles) })}
<div class="actions"><button class="primary">Send the invitation</button></div>`,
})}
</section>`
