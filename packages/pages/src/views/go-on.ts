import { link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface GoOn {
  readonly brand: Brand
  /** Where the page goes on to by itself. */
  readonly href: string
  /** Whose page that is. */
  readonly label: string
}

/** Between our form and somebody else's sign-in page. */
export function goOnPage({ brand, href, label }: GoOn): string {
  const body = html`<h1>Sign in with <bdi>${displayName(label)}</bdi></h1>
<p class="lead">You go on by yourself in a moment, and come back here when you have signed in.</p>
<div class="actions">${link(href, 'Continue', { className: 'button' })}</div>`
  return page({ title: 'Sign in', brand, body })
}
