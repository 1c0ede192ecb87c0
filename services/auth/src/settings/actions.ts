/** Something that a person does with a form. */
export interface PageAction {
  /** Where the form goes; a path of the profile stands by its name. */
  readonly form: string
  /** The operation of the admin API that does the same; absent where only the person can. */
  readonly operation?: string
  /** How an operator does it on the command line. */
  readonly command?: string
  /** Why an operator cannot. */
  readonly personal?: string
}

/** Every form of every page, and who else can do what it does. */
export const PAGE_ACTIONS: readonly PageAction[] = [
  { form: '/oauth/authorize', personal: 'consent is the person’s own' },
  { form: '/oauth/logout', personal: 'leaves the browser that asks' },
  { form: '/sign-in', personal: 'proves who somebody is' },
  { form: '/sign-in/:provider', personal: 'proves who somebody is' },
  { form: '/sign-in/:provider/link', personal: 'proves that both accounts are one person’s' },
  { form: '/sign-out', operation: 'DELETE /sessions/{session}', command: 'sessions end' },
  {
    form: '/sign-in/forgot-password',
    operation: 'POST /people/{person}/password-link',
    command: 'people password-link',
  },
  { form: '/sign-in/new-password', personal: 'nobody else knows the password' },
  { form: '/settings/invitation', operation: 'POST /tenants/{tenant}/people', command: 'people add' },
  { form: '/settings/organisation', personal: 'which organisation is shown is the person’s own' },
  {
    form: '{authorizedApps}/revoke',
    operation: 'DELETE /people/{person}/consents/{consent}',
    command: 'consents revoke',
  },
  { form: '{apiKeys}/create', operation: 'POST /tenants/{tenant}/api-keys', command: 'keys create' },
  { form: '{apiKeys}/change', operation: 'PATCH /api-keys/{key}', command: 'keys change' },
  { form: '{apiKeys}/revoke', operation: 'DELETE /api-keys/{key}', command: 'keys revoke' },
  { form: '/settings/members/role', operation: 'PATCH /tenants/{tenant}/people/{person}', command: 'people role' },
  { form: '/settings/members/remove', operation: 'DELETE /tenants/{tenant}/people/{person}', command: 'people remove' },
  { form: '/settings/members/invite', operation: 'POST /tenants/{tenant}/invitations', command: 'people invite' },
  { form: '/settings/members/uninvite', operation: 'DELETE /invitations/{invitation}', command: 'people uninvite' },
  { form: '/settings/clients/put', operation: 'POST /tenants/{tenant}/client-hosts', command: 'client-hosts set' },
  {
    form: '/settings/clients/remove',
    operation: 'DELETE /tenants/{tenant}/client-hosts/{host}',
    command: 'client-hosts remove',
  },
  { form: '/settings/profile/name', operation: 'PATCH /people/{person}', command: 'people rename' },
  { form: '/settings/profile/leave', operation: 'DELETE /tenants/{tenant}/people/{person}', command: 'people remove' },
  { form: '/settings/profile/delete', operation: 'DELETE /people/{person}', command: 'people delete' },
  { form: '/settings/security/session', operation: 'DELETE /sessions/{session}', command: 'sessions end' },
  {
    form: '/settings/security/sign-out-everywhere',
    operation: 'DELETE /people/{person}/sessions',
    command: 'sessions end-all',
  },
  {
    form: '/settings/security/password',
    operation: 'POST /people/{person}/password-link',
    command: 'people password-link',
  },
  { form: '/settings/security/unlink', personal: 'takes a way to sign in from who has just signed in' },
]
