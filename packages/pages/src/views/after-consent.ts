import { copyable, link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface AfterConsent {
  readonly brand: Brand
  /** The whole callback URL with `code`, `state` and `iss`. Whoever has it can finish the connection, once. */
  readonly callbackUrl: string
  /**
   * Goes to the callback by itself after so many seconds; absent = when the person presses Continue. This is a navigation of
   * its own, so that a callback may redirect to other origins, which `form-action` forbids to a redirect that answers a form.
   * Browsers forget a page left within a second; 2 or more keep it reachable by Back.
   */
  readonly goOnAfterSeconds?: number | undefined
  readonly client?: { readonly name: string } | undefined
}

/** For a callback that this browser may not reach: a client on another machine, in a container, behind SSH. */
export function afterConsentPage({ brand, callbackUrl, client, goOnAfterSeconds }: AfterConsent): string {
  const name = client === undefined ? 'the application' : html`<bdi>${displayName(client.name)}</bdi>`
  const body = html`<h1>Back to ${name}</h1>
<p class="lead">Continue to finish in ${name}.</p>
<div class="actions">${link(callbackUrl, 'Continue', { privateUse: true, className: 'button primary' })}</div>
<h2>If the next page does not load</h2>
<p>The application may run on another computer than this browser. Copy the whole address below and paste it where the application asks for it.</p>
${copyable({ id: 'callback', label: 'Callback address', value: callbackUrl })}
<p class="fine">The address works once and for about a minute. Give it to nobody else.</p>`
  const goOn = goOnAfterSeconds === undefined ? undefined : { href: callbackUrl, afterSeconds: goOnAfterSeconds }
  return page({ title: 'Continue', brand, body, goOn })
}
