import { html } from '../html.ts'
import type { Brand, NavItem, SignedIn } from '../shell.ts'
import { page } from '../shell.ts'
import { forgotPasswordPage, invitationPage, linkSentPage, newPasswordPage } from './account-links.ts'
import { activityPage } from './activity.ts'
import { afterConsentPage } from './after-consent.ts'
import { apiKeysPage } from './api-keys.ts'
import { authorizedAppsPage } from './authorized-apps.ts'
import { billingPage } from './billing.ts'
import { clientHostsPage } from './client-hosts.ts'
import { type Consent, consentPage } from './consent.ts'
import { errorPage } from './error.ts'
import { goOnPage } from './go-on.ts'
import { homePage } from './home.ts'
import { logoutPage } from './logout.ts'
import { membersPage } from './members.ts'
import { profilePage } from './profile.ts'
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
  const around = { brand, title: text, nav, person, csrf: text, done: text, problem: text }
  const invited = {
    ...{ brand, action: '/settings/invitation', csrf: text, link: text, tenant, role: text, email: text },
    signInHref: '/sign-in',
  }
  return {
    signIn: signInPage({
      brand,
      action: '/sign-in',
      csrf: text,
      email: text,
      error: text,
      client: { name: text },
      done: text,
      forgotHref: text,
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
      kinds: [text],
      entries: [
        {
          id: text,
          time: at.toISOString(),
          who: text,
          kind: text,
          client: text,
          what: text,
          about: text,
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
      ...around,
      action: '/settings/security',
      hasPassword: true,
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
      ...around,
      person,
      tenant: { name: text, role: text },
      others: [{ id: text, name: text, role: text }],
      switchTo: { action: '/settings/organisation', csrf: text },
      mcpUrl: text,
      appsHref: text,
    }),
    homeWithoutMcp: homePage({ ...around, person, tenant: { name: text } }),
    authorizedApps: authorizedAppsPage({
      ...around,
      connectHref: text,
      apps: [{ ...app, grantedAt: at, lastUsed: at, revokeFields: { [text]: text } }],
    }),
    noApps: authorizedAppsPage({ ...around, done: undefined, connectHref: text, apps: [] }),
    apiKeys: apiKeysPage({
      ...around,
      action: '/settings/api-keys',
      lead: text,
      made: { name: text, key: text },
      keys: [
        {
          ...{ id: 'key_1', name: text, hint: text, scopes: [text, 'gone'], project: text, createdAt: at },
          ...{ createdBy: text, usedAt: at, expiresAt: at, expired: true },
        },
        { id: 'key_2', name: text, hint: text, scopes: [text], createdAt: at, expired: false },
      ],
      offered: [
        { resource: text, scopes },
        { resource: text, scopes: [{ name: 'other', text }] },
      ],
      projects: true,
      days: [30, 0],
      draft: { name: text, scopes: [text], project: text, faults: { name: text, scopes: text, project: text } },
    }),
    noKeys: apiKeysPage({
      ...around,
      ...{ action: '/settings/api-keys', lead: text, keys: [], offered: [{ resource: text, scopes }], projects: false },
      days: [0],
    }),
    members: membersPage({
      ...around,
      tenant,
      action: '/settings/members',
      members: [
        { id: 'per_1', name: text, email: text, role: 'owner', self: true, roles: ['owner', 'member'] },
        { id: 'per_2', name: text, email: text, role: text, self: false, roles: ['owner', 'member'] },
        { id: 'per_3', name: text, email: text, role: text, self: false, roles: [] },
      ],
      invitations: [{ id: 'inv_1', email: text, role: text, expiresAt: at, removable: true }],
      roles: ['owner', 'member'],
      draft: { email: text, fault: text },
    }),
    clientHosts: clientHostsPage({
      ...around,
      tenant,
      action: '/settings/clients',
      rules: [
        { host: text, rule: 'allow' },
        { host: 'evil.example', rule: 'deny' },
      ],
      draft: { host: text, fault: text },
    }),
    noHosts: clientHostsPage({ ...around, tenant, action: '/settings/clients', rules: [] }),
    profile: profilePage({
      ...around,
      ...{ action: '/settings/profile', name: text, email: text, createdAt: at, hasPassword: true },
      memberships: [{ tenantId: text, name: text, role: text }],
      faults: { name: text, password: text },
    }),
    billing: billingPage({
      ...around,
      tenant,
      text,
      owners: [{ name: text, email: 'owner@acme.test' }],
      others: [{ id: text, name: text, role: text }],
      switchTo: { action: '/settings/organisation', csrf: text },
    }),
    forgotPassword: forgotPasswordPage({ brand, action: '/sign-in/forgot-password', csrf: text, error: text }),
    linkSent: linkSentPage({ brand }),
    newPassword: newPasswordPage({
      ...{ brand, action: '/sign-in/new-password', csrf: text, link: text, email: text, fault: text },
    }),
    invitation: invitationPage({
      ...invited,
      step: 'account',
      draft: { name: text, faults: { name: text, password: text } },
    }),
    invitationToSignIn: invitationPage({ ...invited, step: 'sign-in' }),
    invitationOfAnother: invitationPage({ ...invited, step: 'switch', signOut: { action: '/sign-out', csrf: text } }),
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
  endedAt: 'Authorized apps',
}
