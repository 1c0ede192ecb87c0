import { postForm } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface Logout {
  readonly brand: Brand
  /** Path that `decision` (`sign-out` or `stay`), `csrf` and `hidden` are posted to. */
  readonly action: string
  readonly csrf: string
  readonly hidden: Readonly<Record<string, string>>
  /** The application that sent the person here, where it can be told. */
  readonly client?: string | undefined
  readonly person: { readonly name: string; readonly email: string }
}

/** Asks whether to sign out, when nothing proves that the person asked for it. */
export function logoutPage({ brand, action, csrf, hidden, client, person }: Logout): string {
  const body = html`<h1>Sign out?</h1>
<p class="lead">${client === undefined ? 'An application' : html`<strong><bdi>${displayName(client)}</bdi></strong>`} asks to end your sign-in at ${displayName(brand.name)} in this browser. You are signed in as <strong>${displayName(person.name)}</strong> (${displayName(person.email, 100)}).</p>
${postForm({
  action,
  csrf,
  hidden,
  body: html`<div class="actions"><button name="decision" value="stay">Stay signed in</button><button class="primary" name="decision" value="sign-out">Sign out</button></div>`,
})}`
  return page({ title: 'Sign out', brand, body })
}
