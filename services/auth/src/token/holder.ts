import type { Tx } from '@gatehouse/database'
import { Refusal } from '../errors.ts'
import type { Grant } from '../grants/grants.store.ts'
import type { Params } from '../http/form.ts'
import { membership_get, type Person, person_get } from '../people/people.store.ts'
import { isResourceUri, type Resources } from '../resources/registry.ts'

/** Who a grant speaks for, as they are now. @throws Refusal when they left the tenant */
export async function holderOf(tx: Tx, grant: Grant): Promise<{ readonly person: Person; readonly role: string }> {
  const person = await person_get(tx, grant.personId)
  const membership = await membership_get(tx, grant.personId, grant.tenantId)
  if (person === undefined || membership === undefined) throw new Refusal('membership.ended')
  return { person, role: membership.role }
}

/** The registered identifiers of the resources that a token request names. @throws Refusal (RFC 8707 section 2) */
export function namedResources(form: Params, resources: Resources): readonly string[] {
  return form.all('resource').map((name) => {
    if (!isResourceUri(name)) throw new Refusal('resource.malformed')
    const resource = resources.find(name)
    if (resource === undefined) throw new Refusal('resource.unknown')
    return resource.identifier
  })
}
