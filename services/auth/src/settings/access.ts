import type { Profile } from '@gatehouse/profiles'
import type { SelectedMembership } from '../people/people.store.ts'

/** Permissions that the settings pages ask for, as the profile names them. */
export type SettingsPermission = keyof Profile['settings']['permissions']

interface SettingsPage {
  path(profile: Profile): string
  title(profile: Profile, withMcp: boolean): string
  /** What the person's role has to permit. */
  readonly permission?: SettingsPermission
  /** Only where the profile takes this credential. */
  readonly credential?: Profile['credentials'][number]
  /** Only with MCP in the plan of the organisation. */
  readonly mcp?: true
  /** `active`: not while the organisation is suspended; `suspended`: only then. */
  readonly tenant?: 'active' | 'suspended'
}

export const SECURITY_PATH = '/settings/security'
export const BILLING_PATH = '/settings/billing'

/** Every page of a signed-in person, in the order of the navigation. */
export const SETTINGS_PAGES = {
  connect: {
    path: () => '/',
    title: (_profile, withMcp) => (withMcp ? 'Connect' : 'Account'),
    tenant: 'active',
  },
  billing: { path: ({ paths }) => paths.billing ?? BILLING_PATH, title: () => 'Suspended', tenant: 'suspended' },
  authorizedApps: {
    path: ({ paths }) => paths.authorizedApps,
    title: ({ settings }) => settings.titles.authorizedApps,
    credential: 'oauth',
    mcp: true,
  },
  apiKeys: {
    path: ({ paths }) => paths.apiKeys,
    title: ({ settings: { titles } }, withMcp) =>
      withMcp ? titles.apiKeys : (titles.apiKeysWithoutMcp ?? titles.apiKeys),
    credential: 'api-key',
    permission: 'apiKeys',
    tenant: 'active',
  },
  members: { path: () => '/settings/members', title: () => 'Members', permission: 'members', tenant: 'active' },
  clientHosts: {
    path: () => '/settings/clients',
    title: () => 'Allowed clients',
    credential: 'oauth',
    permission: 'clients',
    mcp: true,
    tenant: 'active',
  },
  profile: { path: () => '/settings/profile', title: () => 'Profile' },
  security: { path: () => SECURITY_PATH, title: () => 'Security' },
} as const satisfies Record<string, SettingsPage>

export type SettingsPageName = keyof typeof SETTINGS_PAGES

/** Who opens a page: the organisation that they have selected, if they belong to any. */
export type Selected = SelectedMembership | undefined

/** `absent`: there is no such page for them; `suspended`: they are sent to where it says so. */
export type Access = 'open' | 'absent' | 'forbidden' | 'suspended'

/** Whether a role permits something. What the profile gives to no role is the owner's. */
export function permits(profile: Profile, role: string, permission: SettingsPermission): boolean {
  const name = profile.settings.permissions[permission]
  if (Object.hasOwn(profile.roles, role) && profile.roles[role]?.includes(name) === true) return true
  return role === 'owner' && !Object.values(profile.roles).some((given) => given.includes(name))
}

export const hasMcp = (profile: Profile, selected: Selected): boolean =>
  selected === undefined || profile.plans.withMcp.includes(selected.plan)

/** May this person, with the organisation that they have selected, open that page? */
export function judgeAccess(name: SettingsPageName, selected: Selected, profile: Profile): Access {
  const page: SettingsPage = SETTINGS_PAGES[name]
  if (page.credential !== undefined && !profile.credentials.includes(page.credential)) return 'absent'
  const suspended = selected?.status === 'suspended'
  if (page.tenant === 'suspended') return suspended ? 'open' : 'absent'
  if (page.mcp === true && !hasMcp(profile, selected)) return 'absent'
  if (page.tenant === 'active' && suspended) return 'suspended'
  if (page.permission === undefined) return 'open'
  if (selected === undefined) return 'absent'
  return permits(profile, selected.role, page.permission) ? 'open' : 'forbidden'
}

export const pathOf = (name: SettingsPageName, profile: Profile): string => SETTINGS_PAGES[name].path(profile)

export const titleOf = (name: SettingsPageName, profile: Profile, selected: Selected): string =>
  SETTINGS_PAGES[name].title(profile, hasMcp(profile, selected))

/** The pages that a person may use. */
export const navigationFor = (profile: Profile, selected: Selected, current: SettingsPageName) =>
  (Object.keys(SETTINGS_PAGES) as SettingsPageName[])
    .filter((name) => judgeAccess(name, selected, profile) === 'open')
    .map((name) => ({
      href: pathOf(name, profile),
      text: titleOf(name, profile, selected),
      current: name === current,
    }))
