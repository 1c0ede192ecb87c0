import { html } from '../html.ts'
import type { Brand, NavItem, SignedIn } from '../shell.ts'
import { page } from '../shell.ts'
import { activityPage } from './activity.ts'
import { afterConsentPage } from './after-consent.ts'
import { authorizedAppsPage } from './authorized-apps.ts'
import { type Consent, consentPage } from './consent.ts'
import { errorPage } from './error.ts'
import { goOnPage } from './go-on.ts'
import { homePage } from './home.ts'
import { logoutPage } from './logout.ts'
import { securityPage } from './security.ts'
import { signInPage } from './sign-in.ts'
import { signedOutPage } from './signed-out.ts'

/** One of everything that somebody from outside can put on a page; `text` stands wherever text can. */
export function everyPage(text: string): Readonly<Record<string, string>> {
  const brand: Brand = { name: text, accent: '#2d5bff', supportUrl: 'https://example.com/help' }
  const person: SignedIn = { name: text, email: text, signOut: { action: '/sign-out', csrf: text } }
  const nav: readonly NavItem[] = [{ href: text, text, current: true }]
  const scopes = [{ name: text, text }]
  const resource = { name: text, uri: text }
  const tenant = { name: text }
  const app = { name: text, host: text, resource, tenant, scopes, revokeAction: '/settings/authorized-apps/1/revoke' }
  const at = new Date(0)
  return {
    signIn: signInPage({
      brand,
      action: '/sign-in',
      csrf: text,
      email: text,
      error: text,
      client: { name: text },
      hidden: { [text]: text },
      providers: [{ label: text, action: '/sign-in/other' }],
    }),
    consent: consentPage({
      ...consentSample,
      brand,
      csrf: text,
      transaction: text,
      tenant,
      person,
      resources: [resource, resource],
      scopes,
    }),
    consentOfStranger: consentPage({
      ...consentSample,
      csrf: text,
      client: { name: text, host: text, kind: 'metadata', proven: false },
      redirect: { host: text, loopback: false, privateUse: true },
      granted: scopes,
    }),
    error: errorPage({ brand, status: 400, title: text, cause: text, whatToDo: text, requestId: text }),
    errorOnward: errorPage({
      ...{ brand, status: 400, title: text, cause: text, whatToDo: text, requestId: text },
      onward: { href: text, text },
    }),
    activity: activityPage({
      brand,
      nav,
      action: '/activity',
      filters: { actor: text, client: text, tool: text, type: text, outcome: text, from: text, to: text },
      outcomes: [text],
      entries: [
        {
          id: text,
          time: at.toISOString(),
          who: text,
          kind: text,
          client: text,
          what: text,
          outcome: text,
          reason: text,
        },
      ],
      nextHref: text,
      tailHref: text,
      signOut: { action: '/activity/sign-out', csrf: text },
    }),
    goOn: goOnPage({ brand, href: text, label: text }),
    logout: logoutPage({ brand, action: '/oauth/logout', csrf: text, hidden: { [text]: text }, client: text, person }),
    logoutOfStranger: logoutPage({ brand, action: '/oauth/logout', csrf: text, hidden: {}, person }),
    security: securityPage({
      brand,
      person,
      nav,
      csrf: text,
      action: '/settings/security',
      hasPassword: true,
      done: text,
      faults: { current: text, password: text },
      sessions: [
        { id: text, browser: text, network: text, method: text, signedInAt: at, seenAt: at, current: true },
        { id: text, browser: text, network: '', signedInAt: at, seenAt: at, current: false },
      ],
      identities: [{ label: text, email: text, usedAt: at, fields: { [text]: text } }],
      linkable: [{ label: text, action: '/sign-in/other/link' }],
    }),
    signedOut: signedOutPage({ brand, signInHref: text }),
    signedOutEverywhere: signedOutPage({
      brand,
      everywhere: true,
      applications: true,
      returnTo: { href: text, name: text },
    }),
    home: homePage({
      brand,
      person,
      nav,
      tenant: { name: text, role: text },
      others: [{ id: text, name: text, role: text }],
      switchTo: { action: '/settings/organisation', csrf: text },
      mcpUrl: text,
      appsHref: text,
    }),
    authorizedApps: authorizedAppsPage({
      brand,
      person,
      nav,
      csrf: text,
      done: text,
      connectHref: text,
      apps: [{ ...app, grantedAt: at, lastUsed: at, revokeFields: { [text]: text } }],
    }),
    noApps: authorizedAppsPage({ brand, person, nav, csrf: text, connectHref: text, apps: [] }),
    afterConsent: afterConsentPage({
      brand,
      callbackUrl: `${text}?code=${text}`,
      client: { name: text },
      goesOn: true,
    }),
    afterDenial: afterConsentPage({ brand, callbackUrl: text, client: { name: text }, goesOn: false }),
    shell: page({ brand, title: text, lang: text, body: html`<h1>${text}</h1>` }),
  }
}

export const consentSample: Consent = {
  brand: { name: 'Align' },
  action: '/oauth/authorize',
  csrf: 'token',
  transaction: 'transaction',
  client: { name: 'Claude Code', host: 'claude.ai', kind: 'metadata', proven: false },
  redirect: { host: 'localhost:53682', loopback: true, privateUse: false },
  tenant: { name: 'Acme Industries' },
  person: { name: 'Olivia Owens', email: 'owner@acme.test' },
  resources: [{ name: 'Align Tracker', uri: 'https://align.example/mcp' }],
  scopes: [{ name: 'entries:read', text: 'Read projects and entries' }],
  accessTokenSeconds: 600,
}
