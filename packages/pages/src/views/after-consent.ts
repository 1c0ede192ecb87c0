import { copyable, link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayName } from '../text.ts'

export interface AfterConsent {
  readonly brand: Brand
  /** The whole callback URL with `code`, `state` and `iss`. Whoever has it can finish the connection, once. */
  readonly callbackUrl: string
  readonly client?: { readonly name: string } | undefined
}

/** For a callback that this browser may not reach: a client on another machine, in a container, behind SSH. */
export function afterConsentPage({ brand, callbackUrl, client }: AfterConsent): string {
  const name = client === undefined ? 'the application' : html`<bdi>${displayName(client.name)}</bdi>`
  const body = html`<h1>Back to ${name}</h1>
<p class="lead">Your answer is ready. Go on to hand it over.</p>
<div class="actions">${link(callbackUrl, 'Go on', { privateUse: true, className: 'button primary' })}</div>
<h2>If the next page does not load</h2>
<p>The application may run on another computer than this browser. Copy the whole address below and paste it where the application asks for it.</p>
${copyable({ id: 'callback', label: 'Callback address', value: callbackUrl })}
<p class="fine">The address works once and for about a minute. Give it to nobody else.</p>`
  return page({ title: 'Go on', brand, body })
}
