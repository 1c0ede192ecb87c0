import { field, link, notice, outcome, postForm } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface SignIn {
  readonly brand: Brand
  /** Path that the form posts `email`, `password`, `csrf` and `hidden` to. */
  readonly action: string
  readonly csrf: string
  readonly email?: string | undefined
  /** Why the last try failed, in words that do not tell which of the two was wrong. */
  readonly error?: string | undefined
  /** What was just done, as a sentence. */
  readonly done?: string | undefined
  /** More about it. */
  readonly detail?: string | undefined
  /** The application that asked; absent when a person came by themselves. */
  readonly client?: { readonly name: string } | undefined
  readonly hidden?: Readonly<Record<string, string>> | undefined
  /** Where people go who forgot their password. */
  readonly forgotHref?: string | undefined
  /** Elsewhere to sign in: each a form of its own, with the same `hidden`. */
  readonly providers?: readonly { readonly label: string; readonly action: string }[] | undefined
}

export function signInPage({
  brand,
  action,
  csrf,
  email,
  error,
  done,
  detail,
  client,
  hidden,
  forgotHref,
  providers = [],
}: SignIn): string {
  const form = html`${field({
    name: 'email',
    label: 'Email',
    type: 'email',
    value: email,
    autocomplete: 'username',
    required: true,
    focus: !email,
  })}
${field({
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'current-password',
  required: true,
  focus: Boolean(email),
})}
<div class="actions"><button class="primary">Sign in</button></div>`
  const body = html`<h1>Sign in</h1>
${
  client
    ? html`<p class="lead">Sign in to ${displayName(brand.name)} to connect <strong><bdi>${displayName(client.name)}</bdi></strong>. Next, you decide what it may do.</p>`
    : html`<p class="lead">Use your ${displayName(brand.name)} account.</p>`
}
${outcome({ done })}
${error !== undefined && notice({ tone: 'alert', title: error, body: detail })}
${postForm({ action, csrf, hidden, body: form })}
${forgotHref !== undefined && html`<p class="fine">${link(forgotHref, 'Forgot your password?')}</p>\n`}${
  providers.length > 0 &&
  html`<p class="or" aria-hidden="true"><span>or</span></p>
${providers.map(({ label, action }) =>
  postForm({
    action,
    csrf,
    hidden,
    className: 'provider',
    body: html`<button>Sign in with <bdi>${displayName(label)}</bdi></button>`,
  }),
)}`
}`
  return page({ title: 'Sign in', brand, body })
}
