export { isAccent } from './accent.ts'
export { type Asset, accentStylesheet, activityScript, icon, stylesheet } from './asset-files.ts'
export { pagesAssets } from './assets.ts'
export {
  copyable,
  type Field,
  facts,
  field,
  link,
  notice,
  postForm,
  type ScopeText,
  scopeList,
} from './elements.ts'
export { COMMON_FAULTS, Fault, type FaultText } from './faults.ts'
export { formActionSource, type PageHeaders, pageHeaders } from './headers.ts'
export { Html, html, type Slot } from './html.ts'
export {
  type Brand,
  type NavItem,
  type PageParts,
  page,
  type SettingsParts,
  type SignedIn,
  type Surroundings,
} from './shell.ts'
export { displayDuration, displayHost, displayName, displayScheme, displayTime, safeHref } from './text.ts'
export {
  forgotPasswordPage,
  type InvitationPage,
  invitationPage,
  linkSentPage,
  newPasswordPage,
} from './views/account-links.ts'
export { type Activity, type ActivityEntry, activityPage } from './views/activity.ts'
export { type AfterConsent, afterConsentPage } from './views/after-consent.ts'
export { type ApiKeys, type ApiKeyView, apiKeysPage, type KeyScopes } from './views/api-keys.ts'
export { type AuthorizedApp, type AuthorizedApps, authorizedAppsPage } from './views/authorized-apps.ts'
export { type Billing, billingPage } from './views/billing.ts'
export { type ClientHosts, clientHostsPage } from './views/client-hosts.ts'
export {
  type Consent,
  type ConsentClient,
  type ConsentRedirect,
  type ConsentResource,
  consentPage,
} from './views/consent.ts'
export { type ErrorView, errorPage } from './views/error.ts'
export { type GoOn, goOnPage } from './views/go-on.ts'
export { type Home, homePage } from './views/home.ts'
export { type Logout, logoutPage } from './views/logout.ts'
export { type Members, type MemberView, membersPage } from './views/members.ts'
export { type ProfileView, profilePage } from './views/profile.ts'
export { type SecurityView, type SessionView, securityPage } from './views/security.ts'
export { type SignIn, signInPage } from './views/sign-in.ts'
export { type SignedOut, signedOutPage } from './views/signed-out.ts'
