import { facts, field, moment, outcome, postForm } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayName } from '../text.ts'
import { capitalized } from './home.ts'

export interface ProfileView extends SettingsParts {
  /** Path below which `/name`, `/leave` and `/delete` take forms. */
  readonly action: string
  readonly name: string
  readonly email: string
  readonly createdAt: Date
  readonly memberships: readonly { readonly tenantId: string; readonly name: string; readonly role: string }[]
  /** Whether it is asked for to delete the account; without one a recent sign-in is. */
  readonly hasPassword: boolean
  readonly faults?: { readonly name?: string; readonly password?: string } | undefined
}

export function profilePage(of: ProfileView): string {
  const { action, csrf, faults } = of
  const body = html`<h1>${of.title}</h1>
<p class="lead">Who you are here.</p>
${outcome({ done: of.done, problem: of.problem ?? (of.faults && 'Nothing is changed: see below.') })}
${facts([
  ['Email', displayName(of.email, 100)],
  ['Account made', moment(of.createdAt)],
])}
${postForm({
  action: `${action}/name`,
  csrf,
  className: 'narrow-form',
  body: html`${field({ name: 'name', label: 'Name', value: of.name, autocomplete: 'name', required: true, error: faults?.name })}
<div class="block"><button>Save</button></div>`,
})}
${of.memberships.length > 0 && organisations(of)}
${remove(of)}`
  return page({ ...of, body, width: 'wide' })
}

const organisations = ({
  action,
  csrf,
  memberships,
}: ProfileView): Html => html`<section class="part" aria-labelledby="organisations">
<h2 id="organisations">Your organisations</h2>
<ul class="apps rows">
${memberships.map(
  ({ tenantId, name, role }) => html`<li>
<div class="app-head"><p><bdi>${displayName(name)}</bdi> <span class="quiet">${capitalized(displayName(role))}</span></p>
${postForm({
  action: `${action}/leave`,
  csrf,
  hidden: { tenant: tenantId },
  body: html`<button class="danger" aria-label="Leave ${displayName(name)}">Leave</button>`,
})}</div>
</li>
`,
)}</ul>
</section>`

const remove = ({
  action,
  csrf,
  hasPassword,
  faults,
  email,
}: ProfileView): Html => html`<section class="part" aria-labelledby="delete">
<h2 id="delete">Delete your account</h2>
<p class="quiet">You leave every organisation, applications lose what you allowed them, and what names you is erased. It cannot be undone.</p>
${postForm({
  action: `${action}/delete`,
  csrf,
  className: 'narrow-form',
  body: html`<input type="hidden" name="username" autocomplete="username" value="${email}">
${
  hasPassword
    ? field({
        name: 'password',
        label: 'Your password',
        type: 'password',
        autocomplete: 'current-password',
        required: true,
        error: faults?.password,
      })
    : html`<p class="fine">You have to have signed in a moment ago.</p>`
}
<div class="block"><button class="danger">Delete my account</button></div>`,
})}
</section>`
