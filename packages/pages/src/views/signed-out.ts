import { link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface SignedOut {
  readonly brand: Brand
  /** Where to sign in again; `/sign-in` when absent. */
  readonly signInHref?: string | undefined
  /** Whether it was in every browser. */
  readonly everywhere?: boolean | undefined
  /** Whether what applications were allowed was taken back too. */
  readonly applications?: boolean | undefined
  /** The application that the person came from. */
  readonly returnTo?: { readonly href: string; readonly name: string } | undefined
}

const STAYS = 'Applications that you allowed stay connected until you revoke them in your settings.'
const TAKEN_BACK = 'No application has access any more.'

export function signedOutPage(of: SignedOut): string {
  const { brand, signInHref = '/sign-in', everywhere = false, applications = false, returnTo } = of
  const place = everywhere ? 'in every browser' : 'in this browser'
  const body = html`<h1>You are signed out</h1>
<p class="lead">You have left ${displayName(brand.name)} ${place}. ${applications ? TAKEN_BACK : STAYS}</p>
<div class="actions">${link(signInHref, 'Sign in again', { className: 'button' })}${
    returnTo &&
    link(returnTo.href, html`Back to <bdi>${displayName(returnTo.name)}</bdi>`, {
      className: 'button primary',
      privateUse: true,
    })
  }</div>`
  return page({ title: 'Signed out', brand, body })
}
