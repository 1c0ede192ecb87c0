import { link } from '../elements.ts'
import { html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayName } from '../text.ts'
import { otherOrganisations } from './home.ts'

export interface Billing extends SettingsParts {
  readonly tenant: { readonly name: string }
  /** What the operator wants its members to know. */
  readonly text: string
  /** Who of the organisation can do something about it. */
  readonly owners: readonly { readonly name: string; readonly email: string }[]
  readonly others: readonly { readonly id: string; readonly name: string; readonly role: string }[]
  readonly switchTo: { readonly action: string; readonly csrf: string }
}

/** Where members of a suspended organisation land. */
export function billingPage(of: Billing): string {
  const { supportUrl } = of.brand
  const body = html`<h1><bdi>${displayName(of.tenant.name)}</bdi> is suspended</h1>
<p class="lead">${of.text}</p>
<h2>Who can help</h2>
${
  of.owners.length > 0
    ? html`<ul>
${of.owners.map(({ name, email }) => html`<li><bdi>${displayName(name)}</bdi> ${link(`mailto:${email}`, displayName(email, 100))}</li>\n`)}</ul>`
    : html`<p>Nobody is named as its owner.</p>`
}
${supportUrl !== undefined && html`<p>${link(supportUrl, `Help and contact of ${displayName(of.brand.name)}`)}</p>\n`}${otherOrganisations(of.others, of.switchTo)}`
  return page({ ...of, title: 'Suspended', body, width: 'wide' })
}
