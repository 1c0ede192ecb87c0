import { facts, notice, postForm, type ScopeText, scopeList } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { type Brand, page } from '../shell.ts'
import { displayDuration, displayHost, displayName, displayScheme } from '../text.ts'

export interface ConsentClient {
  /** As the client wrote it; hostile until shown through `displayName`. */
  readonly name: string
  /** Host of the client id where it is a URL. */
  readonly host?: string | undefined
  /** How we know it: its metadata document, an operator's registration, or its own (dynamic) one. */
  readonly kind: 'metadata' | 'registered' | 'dynamic'
  /** `true` when nobody else can pass for it: a secret or key of its own, or an https callback of its own host. */
  readonly proven: boolean
}

export interface ConsentRedirect {
  /** Host, with port if it has one; for a private-use callback its scheme or the whole URI. */
  readonly host: string
  readonly loopback: boolean
  readonly privateUse: boolean
}

export interface ConsentResource {
  readonly name: string
  readonly uri: string
}

export interface Consent {
  readonly brand: Brand
  /** Path that the form posts `decision` (`approve` or `deny`), `transaction` and `csrf` to. */
  readonly action: string
  readonly csrf: string
  readonly transaction: string
  /** What else the form carries back, so that it says what it was shown for. */
  readonly hidden?: Readonly<Record<string, string>> | undefined
  readonly client: ConsentClient
  readonly redirect: ConsentRedirect
  /** `selected`: it may act in whichever organisation the person has selected, of which this is the one now. */
  readonly tenant: { readonly name: string; readonly selected?: boolean }
  readonly person: { readonly name: string; readonly email: string }
  /** What it is about; most often one. */
  readonly resources: readonly [ConsentResource, ...ConsentResource[]]
  /** What is asked for now. */
  readonly scopes: readonly ScopeText[]
  /** What was allowed before and stays so. */
  readonly granted?: readonly ScopeText[] | undefined
  readonly accessTokenSeconds: number
  /** Title of the page where access is ended. */
  readonly endedAt: string
}

/** Deny comes first in the document, so that neither the first Tab nor a stray Enter approves. */
export function consentPage(consent: Consent): string {
  const { brand, client, granted = [] } = consent
  const name = displayName(client.name)
  const body = html`<h1>Allow <bdi>${name}</bdi> to use ${subjects(consent.resources)}?</h1>
<p class="lead">${identity(client, brand)}</p>
${whereItRuns(consent.redirect)}
<section aria-labelledby="asks">
<h2 id="asks">${granted.length > 0 ? 'It asks for more: it could also' : 'It will be able to'}</h2>
${scopes(consent.scopes)}
${granted.length > 0 && html`<details><summary>What you allowed before</summary>\n${scopeList(granted)}</details>`}
</section>
${facts([
  [
    'Organisation',
    consent.tenant.selected === true
      ? html`The organisation you have selected <span class="quiet">now ${displayName(consent.tenant.name)}</span>`
      : displayName(consent.tenant.name),
  ],
  [
    'You',
    html`${displayName(consent.person.name)} <span class="quiet">${displayName(consent.person.email, 100)}</span>`,
  ],
  ...(client.host === undefined
    ? []
    : [['Application', html`<bdi>${name}</bdi> <code>${displayHost(client.host)}</code>`] as const]),
  ['Returns to', destination(consent.redirect)],
  ...consent.resources.map(({ uri }) => ['Server', html`<code>${uri}</code>`] as const),
])}
${postForm({
  action: consent.action,
  csrf: consent.csrf,
  hidden: { ...consent.hidden, transaction: consent.transaction },
  body: html`<div class="actions"><button name="decision" value="deny">Deny</button>
<button class="primary" name="decision" value="approve">Allow</button></div>`,
})}
<p class="fine">You can end its access at any time in your settings, under ${displayName(consent.endedAt)}. Until then it is renewed, ${displayDuration(consent.accessTokenSeconds)} at a time.</p>`
  return page({ title: `Allow ${name}?`, brand, body })
}

const scopes = (asked: readonly ScopeText[]): Html =>
  asked.length > 0
    ? scopeList(asked)
    : html`<p>Know who you are and which organisation you belong to. It asks for nothing else.</p>`

/** Two resources of one service have one name. */
const subjects = (resources: readonly ConsentResource[]): string =>
  [...new Set(resources.map(({ name }) => displayName(name)))].join(' and ')

function destination({ host, loopback, privateUse }: ConsentRedirect): Html {
  if (privateUse) return html`the app for <code>${displayScheme(host)}</code> links`
  return html`<code>${displayHost(host)}</code>${loopback && html` <span class="quiet">this computer</span>`}`
}

function identity({ host, kind, proven }: ConsentClient, brand: Brand): Html {
  const shown = host === undefined ? undefined : html`<code>${displayHost(host)}</code>`
  if (kind === 'dynamic') return html`This application registered itself. Nobody has checked its name.`
  if (kind === 'registered') {
    return proven
      ? html`${displayName(brand.name)} registered this application and knows it.`
      : html`${displayName(brand.name)} registered an application of this name, but any program could pass for it.`
  }
  if (shown === undefined) return html`This application describes itself at an address of its own.`
  return proven
    ? html`${shown} vouches for this application.`
    : html`${shown} publishes an application of this name, but another program could pass for it.`
}

function whereItRuns({ host, loopback, privateUse }: ConsentRedirect): Html | undefined {
  if (loopback) {
    return notice({
      tone: 'caution',
      title: 'Access goes to this computer',
      body: 'Any program that runs here could pick it up and act as you. Allow this only if you started it yourself, a moment ago.',
    })
  }
  if (!privateUse) return undefined
  return notice({
    tone: 'caution',
    title: 'Access goes to an app on this device',
    body: html`Whichever app opens <code>${displayScheme(host)}</code> links here will receive it. Allow this only if you started it yourself, a moment ago.`,
  })
}
