import { field, link, notice, postForm } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

interface LinkPage {
  readonly brand: Brand
  readonly action: string
  readonly csrf: string
}

/** Asks for the address to send a link to. */
export function forgotPasswordPage({
  brand,
  action,
  csrf,
  error,
}: LinkPage & { readonly error?: string | undefined }): string {
  const body = html`<h1>Forgot your password?</h1>
<p class="lead">Tell us the email address of your account. If there is one, a link to set a new password is sent to it.</p>
${error !== undefined && notice({ tone: 'alert', title: error })}
${postForm({
  action,
  csrf,
  body: html`${field({ name: 'email', label: 'Email', type: 'email', autocomplete: 'username', required: true, focus: true })}
<div class="actions">${link('/sign-in', 'Back to sign-in', { className: 'button' })}<button class="primary">Send the link</button></div>`,
})}`
  return page({ title: 'Forgot your password?', brand, body })
}

/** The same whether there is such an account or not. */
export function linkSentPage({ brand }: { readonly brand: Brand }): string {
  const body = html`<h1>Look into your mail</h1>
<p class="lead">If that address has an account here, a link is on its way to it. It can be used once, within an hour.</p>
<p class="fine">Nothing comes? Look among unwanted mail, or ask an administrator of your organisation.</p>
<div class="actions">${link('/sign-in', 'Back to sign-in', { className: 'button' })}</div>`
  return page({ title: 'Look into your mail', brand, body })
}

export function newPasswordPage(
  of: LinkPage & { readonly link: string; readonly email: string; readonly fault?: string | undefined },
): string {
  const { brand, action, csrf, email, fault } = of
  const body = html`<h1>Set a new password</h1>
<p class="lead">For <bdi>${displayName(email, 100)}</bdi>. Every browser is signed out then.</p>
${postForm({
  action,
  csrf,
  hidden: { link: of.link },
  body: html`<input type="hidden" name="username" autocomplete="username" value="${email}">
${newPassword(fault)}
<div class="check"><input id="applications" type="checkbox" name="applications" value="revoke"><label for="applications">Also take back what applications may do</label></div>
<div class="actions"><button class="primary">Set the password</button></div>`,
})}`
  return page({ title: 'Set a new password', brand, body })
}

const newPassword = (fault: string | undefined, focus = true) =>
  field({
    name: 'password',
    label: 'New password',
    type: 'password',
    autocomplete: 'new-password',
    required: true,
    hint: 'At least 12 characters. A few words in a row are good.',
    error: fault,
    focus,
  })

export interface InvitationPage extends LinkPage {
  readonly link: string
  readonly tenant: { readonly name: string }
  readonly role: string
  readonly email: string
  /**
   * What has to be done: `join` by who is signed in, `sign-in` first by who has an account, `account` by who gets one, `switch` by who is
   * signed in as somebody else.
   */
  readonly step: 'join' | 'sign-in' | 'account' | 'switch'
  readonly signInHref: string
  readonly signOut?: { readonly action: string; readonly csrf: string } | undefined
  readonly draft?:
    | { readonly name: string; readonly faults: { readonly name?: string; readonly password?: string } }
    | undefined
}

/** What somebody finds behind an invitation. */
export function invitationPage(of: InvitationPage): string {
  const { brand, tenant, role, email, action, csrf } = of
  const nameFirst = of.draft === undefined || of.draft.faults.name !== undefined
  const body = html`<h1>Join <bdi>${displayName(tenant.name)}</bdi></h1>
<p class="lead"><bdi>${displayName(email, 100)}</bdi> is invited to ${displayName(brand.name)} as ${displayName(role)}.</p>
${
  of.step === 'sign-in' &&
  html`<p class="fine">That address has an account. Sign in to it, and you come back here.</p>
<div class="actions">${link(of.signInHref, 'Sign in', { className: 'button primary' })}</div>`
}
${
  of.step === 'switch' &&
  html`${notice({ tone: 'caution', title: 'You are signed in as somebody else', body: 'Sign out, and open the link again.' })}
${of.signOut && postForm({ ...of.signOut, className: 'block', body: html`<button>Sign out</button>` })}`
}
${
  (of.step === 'join' || of.step === 'account') &&
  postForm({
    action,
    csrf,
    hidden: { link: of.link },
    body: html`${
      of.step === 'account' &&
      html`<input type="hidden" name="username" autocomplete="username" value="${email}">
${field({ name: 'name', label: 'Your name', autocomplete: 'name', value: of.draft?.name, required: true, error: of.draft?.faults.name, focus: nameFirst })}
${newPassword(of.draft?.faults.password, !nameFirst)}`
    }
<div class="actions"><button class="primary">Join</button></div>`,
  })
}`
  return page({ title: `Join ${displayName(tenant.name)}`, brand, body })
}
