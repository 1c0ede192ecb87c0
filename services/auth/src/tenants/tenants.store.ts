import { sql, type Tx } from '@gatehouse/database'

export interface Tenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly plan: string
  readonly status: 'active' | 'suspended'
  readonly mcp: boolean
}

const columns = sql`id, slug, name, plan, status, mcp`

export const tenant_list = (tx: Tx) => tx.rows<Tenant>(sql`select ${columns} from auth.tenants order by slug`)

export const tenant_get = (tx: Tx, id: string) =>
  tx.maybe<Tenant>(sql`select ${columns} from auth.tenants where id = ${id}`)

/** Nothing when the slug is taken. */
export const tenant_insert = (tx: Tx, tenant: Tenant) =>
  tx.maybe<Tenant>(sql`
    insert into auth.tenants (${columns})
    values (${tenant.id}, ${tenant.slug}, ${tenant.name}, ${tenant.plan}, ${tenant.status}, ${tenant.mcp})
    on conflict (slug) do nothing returning ${columns}`)

export const tenant_get_by_slug = (tx: Tx, slug: string) =>
  tx.maybe<Tenant>(sql`select ${columns} from auth.tenants where slug = ${slug}`)

export const tenant_update = (
  tx: Tx,
  id: string,
  change: {
    readonly name?: string | undefined
    readonly plan?: string | undefined
    readonly mcp?: boolean | undefined
    readonly status?: Tenant['status'] | undefined
  },
) =>
  tx.maybe<Tenant>(sql`
    update auth.tenants set name = coalesce(${change.name ?? null}, name), plan = coalesce(${change.plan ?? null}, plan),
      mcp = coalesce(${change.mcp ?? null}::boolean, mcp), status = coalesce(${change.status ?? null}, status)
    where id = ${id} returning ${columns}`)
