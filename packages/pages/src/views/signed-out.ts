import { link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface SignedOut {
  readonly brand: Brand
  /** Where to sign in again; `/sign-in` when absent. */
  readonly signInHref?: string | undefined
}

export function signedOutPage({ brand, signInHref = '/sign-in' }: SignedOut): string {
  const body = html`<h1>You are signed out</h1>
<p class="lead">You have left ${displayName(brand.name)} in this browser. Applications that you allowed stay connected until you revoke them in your settings.</p>
<div class="actions">${link(signInHref, 'Sign in again', { className: 'button' })}</div>`
  return page({ title: 'Signed out', brand, body })
}
