import type { Tx } from '@gatehouse/database'
import { doneFor } from '../audit/asked-by.ts'
import { appendIssued } from '../audit/tokens.ts'
import { Refusal } from '../errors.ts'
import { namedResources, pickResource } from '../resources/pick.ts'
import { readScopes } from '../scopes/judge.ts'
import { GENERAL_SCOPES } from '../scopes/offered.ts'
import type { GrantHandler } from './deps.ts'

/**
 * `grant_type=client_credentials` (OAuth 2.1, section 4.2): a confidential client that an operator registered, for itself. It gets what
 * the operator allowed it, in the tenant that it is bound to, and no refresh token: it can ask again at any time.
 */
export const clientCredentials: GrantHandler = async (
  { form, client, askedBy },
  { resources: open, profile, db, clock },
) => {
  if (client.authMethod === 'none' || client.kind !== 'registered') throw new Refusal('grant.not-allowed')
  const resources = await open()
  const allowed = client.resources ?? resources.all.map(({ identifier }) => identifier)
  const named = namedResources(form, resources)
  const byDefault = resources.byDefault === undefined ? [] : [resources.byDefault.identifier]
  const bound = named.length === 0 && client.resources === null ? byDefault : allowed
  const resource = pickResource(named, bound, resources)
  if (typeof resource === 'string') throw new Refusal(resource)
  const offered = (client.scopes ?? []).filter((scope) => resource.scopes.some(({ name }) => name === scope))
  const asked = form.get('scope')
  const scopes = asked === undefined ? offered : readScopes(asked)?.filter((scope) => !GENERAL_SCOPES.has(scope))
  if (scopes === undefined || scopes.length === 0 || !scopes.every((scope) => offered.includes(scope)))
    throw new Refusal('scope.invalid')
  const issue = {
    holder: {
      subject: client.id,
      clientId: client.id,
      ...(client.tenantId === null ? {} : { tenantId: client.tenantId }),
      roles: [],
    },
    resource,
    scopes,
  }
  const { holder } = issue
  if (profile.auditServiceTokens) {
    const now = new Date(clock.now())
    const told = (tx: Tx) => appendIssued(tx, { holder, type: 'client_credentials', now })
    await doneFor(askedBy, () => db.asPlatform('token', told))
  }
  return issue
}
