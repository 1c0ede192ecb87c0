import { sql, type Tx } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import type { Client, NewClient } from './clients.store.ts'

const AUDIT_RESOURCE = '/admin/v1/audit'

export type OwnClient = Pick<NewClient, 'id' | 'name' | 'redirectUris' | 'resources'>

/** Pages of our other services where people sign in, as clients; there when the profile lists their resource. */
export function ownClients(profile: Profile, publicUrl: string): readonly OwnClient[] {
  if (!profile.resources.some(({ identifier }) => identifier === AUDIT_RESOURCE)) return []
  return [
    {
      id: 'gatehouse-activity',
      name: `${profile.branding.name} activity page`,
      redirectUris: [`${publicUrl}/activity/callback`],
      resources: [`${publicUrl}${AUDIT_RESOURCE}`],
    },
  ]
}

/** Whether it is registered as the profile has it now. */
export const isAsDescribed = (client: Client | undefined, own: OwnClient): boolean =>
  client !== undefined &&
  client.name === own.name &&
  String(client.redirectUris) === String(own.redirectUris) &&
  String(client.resources) === String(own.resources)

/** One that an operator disabled or deleted stays so. */
export const own_client_put = (tx: Tx, of: OwnClient, now: Date) =>
  tx.run(sql`
    insert into auth.clients (id, kind, name, redirect_uris, auth_method, grant_types, resources, metadata, created_at)
    values (${of.id}, 'registered', ${of.name}, ${of.redirectUris}, 'none', ${['authorization_code']}, ${of.resources},
      '{}'::jsonb, ${now})
    on conflict (id) do update set name = excluded.name, redirect_uris = excluded.redirect_uris,
      resources = excluded.resources`)
