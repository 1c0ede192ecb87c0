import type { AdminClient } from './admin-client.ts'
import { listIn } from './context.ts'
import { Failure } from './failure.ts'

export interface Tenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly plan: string
  readonly status: string
  readonly mcp: boolean
}

/** People know slugs, the API wants ids; either may be given. @throws Failure when no tenant has it */
export async function findTenant(api: AdminClient, given: string): Promise<Tenant> {
  const tenants = listIn<Tenant>(await api.get('/admin/v1/tenants'), 'tenants')
  const found = tenants.find(({ slug }) => slug === given) ?? tenants.find(({ id }) => id === given)
  if (found === undefined) throw new Failure('refused', `there is no tenant ${given}; see "gatehouse tenants list"`)
  return found
}

/** The path of a tenant in the admin API. */
export const tenantPath = ({ id }: Tenant): string => `/admin/v1/tenants/${encodeURIComponent(id)}`
