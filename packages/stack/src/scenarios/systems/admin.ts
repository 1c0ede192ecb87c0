import type { Running } from '../running.ts'

/** An operation of the admin API, as the platform's administrator. @throws when it is refused */
export async function administer(
  { publicUrl, secrets }: Pick<Running, 'publicUrl' | 'secrets'>,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own answer
): Promise<any> {
  const answer = await fetch(`${publicUrl}/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${secrets.adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

/** The id of a tenant of the demo. */
export async function tenantOf(house: Pick<Running, 'publicUrl' | 'secrets'>, slug: string): Promise<string> {
  const { tenants } = (await administer(house, 'GET', '/tenants')) as { tenants: { id: string; slug: string }[] }
  const found = tenants.find((tenant) => tenant.slug === slug)
  if (found === undefined) throw new Error(`there is no tenant ${slug}`)
  return found.id
}

export async function keyOf(
  house: Pick<Running, 'publicUrl' | 'secrets'>,
  tenant: string,
  more: object = {},
): Promise<{ readonly id: string; readonly key: string }> {
  const given = { name: 'Scenario', scopes: ['mcp:write'], ...more }
  return administer(house, 'POST', `/tenants/${tenant}/api-keys`, given)
}
