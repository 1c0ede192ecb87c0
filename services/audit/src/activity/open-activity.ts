import { createSealer, type Keyring, type Sealer } from '@gatehouse/keyring'
import type { NavItem } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import type { Access } from '../access/access.ts'
import { type AuditDeps, RESOURCE_PATH } from '../app.ts'
import { activityRoutes } from './activity.route.ts'
import { createCookies } from './cookies.ts'
import { ACTIVITY_PATH, createSignIn } from './sign-in.ts'

/** The activity page with what it needs; not there when the profile does not list its resource. */
export async function openActivity(
  server: FastifyInstance,
  deps: AuditDeps & { readonly access: Access; readonly ring: Keyring; readonly closing: AbortSignal },
): Promise<void> {
  const { profile, publicUrl, clock, log } = deps
  if (!profile.resources.some(({ identifier }) => identifier === RESOURCE_PATH)) return
  let opened: Promise<Sealer> | undefined
  const sealer = (): Promise<Sealer> => {
    opened ??= createSealer(deps.ring, { clock, log })
    opened.catch(() => {
      opened = undefined
    })
    return opened
  }
  server.addHook('onClose', async () => (await opened?.catch(() => undefined))?.close())
  const { name, accent, supportUrl } = profile.branding
  const now = (): number => clock.now()
  await activityRoutes(server, {
    access: deps.access,
    cookies: createCookies({ publicUrl, sealer }),
    signIn: createSignIn({ ...deps, resource: `${publicUrl}${RESOURCE_PATH}`, now }),
    brand: { name, accent, supportUrl },
    nav: navigation(profile),
    clock,
    closing: deps.closing,
  })
}

const navigation = ({ paths }: Profile): readonly NavItem[] => [
  { href: '/', text: 'Connect' },
  { href: paths.authorizedApps, text: 'Authorized apps' },
  { href: '/settings/security', text: 'Security' },
  { href: ACTIVITY_PATH, text: 'Activity', current: true },
]
