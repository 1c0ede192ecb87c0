import type { Client } from '../clients/clients.store.ts'
import { reachable } from '../clients/may-use.ts'
import { type Home, isAtHome } from '../clients/of-issuer.ts'
import type { Reason } from '../errors.ts'
import { type Named, pickResource } from '../resources/pick.ts'
import type { Resources } from '../resources/registry.ts'
import type { Resource } from '../resources/resources.store.ts'
import { refreshedScopes } from '../scopes/judge.ts'
import { judgeRefresh } from './judge-refresh.ts'
import type { Family } from './refresh.store.ts'

/** What the use of a refresh token comes to. */
export type Use =
  | { readonly kind: 'refuse'; readonly reason: Reason }
  /** It was used before: the family ends. */
  | { readonly kind: 'end' }
  | { readonly kind: 'rotate' | 'repeat'; readonly resource: Resource; readonly scopes: readonly string[] }

/** What is asked of a family, and by whom. */
export interface Asked {
  readonly client: Pick<Client, 'id' | 'resources'>
  readonly named: Named
  readonly scope: string | undefined
  /** When the whole request had reached this process, before it waited for anything. Milliseconds since the epoch. */
  readonly receivedAt: number
}

/** What a token of this family is good for in this request. @param windowMs see `retryWindowMs` */
export function judgeUse(
  { grant, presented, member }: Pick<Family, 'grant' | 'presented' | 'member'>,
  { client, named, scope, receivedAt }: Asked,
  {
    home,
    resources,
    windowMs,
  }: {
    readonly home: Home | undefined
    readonly resources: Resources
    readonly windowMs: number
  },
): Use {
  if (grant.clientId !== client.id || !isAtHome(grant, home)) return refuse('refresh.unknown')
  if (grant.endedAt !== null) return refuse('grant.ended')
  const { tries, expiresAt, usedAt } = presented
  const verdict = judgeRefresh(
    { tries, expiresAt: expiresAt.getTime(), usedAt: usedAt?.getTime() },
    receivedAt,
    windowMs,
  )
  if (verdict === 'reused') return { kind: 'end' }
  if (verdict === 'too-often') return refuse('refresh.too-often')
  if (verdict === 'expired') return refuse('refresh.expired')
  // After the judge: who presents a stolen token may as well ask for a wrong thing. Before the rotation: a mistake costs nothing.
  const resource = pickResource(named, reachable(client, grant.resources), resources)
  if (typeof resource === 'string') return refuse(resource)
  const scopes = refreshedScopes(scope, grant.scopes)
  if (scopes === undefined) return refuse('scope.invalid')
  return member === undefined ? refuse('membership.ended') : { kind: verdict, resource, scopes }
}

const refuse = (reason: Reason): Use => ({ kind: 'refuse', reason })
