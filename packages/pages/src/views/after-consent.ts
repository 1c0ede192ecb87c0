import { copyable, link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface AfterConsent {
  readonly brand: Brand
  /** The whole callback URL with `code` (or `error`), `state` and `iss`. Whoever has a code can finish the connection, once. */
  readonly callbackUrl: string
  readonly client: { readonly name: string }
  /** Whether the page is sent with `goOn`. */
  readonly goesOn: boolean
}

/**
 * Leads back to the client, with `goOn` by itself. It stays in sight where the callback opens an installed
 * application, and is what Back leads to where the callback cannot be reached: a client on another machine, in a container,
 * behind SSH. There the address can be copied by hand.
 */
export function afterConsentPage({ brand, callbackUrl, client, goesOn }: AfterConsent): string {
  const name = displayName(client.name)
  const allowed = /[?&]code=/.test(callbackUrl)
  const body = html`<h1>${allowed ? 'Access allowed' : 'No access was given'}</h1>
<p class="lead">${goesOn ? 'Taking you' : 'Go'} back to <strong><bdi>${name}</bdi></strong>${allowed && ' to finish connecting'}.${goesOn && ' If nothing happens, use the button.'}</p>
<div class="actions">${link(callbackUrl, html`Continue to <bdi>${name}</bdi>`, { privateUse: true, className: 'button primary' })}</div>
${allowed && byHand(callbackUrl)}`
  return page({ title: allowed ? 'Access allowed' : 'No access was given', brand, body })
}

const byHand = (callbackUrl: string) =>
  html`<section class="aside" aria-labelledby="by-hand">
<h2 id="by-hand">If the next page does not load</h2>
<p>The application may be running on another computer. Come back to this page, copy the whole address below and paste it into the application where it asks for it.</p>
${copyable({ id: 'callback', label: 'Address to copy', value: callbackUrl })}
<p class="fine">It works once, and for about a minute. Do not share it with anyone.</p>
</section>`
