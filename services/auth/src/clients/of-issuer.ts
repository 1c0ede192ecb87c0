import type { Client } from './clients.store.ts'

/** The issuer that asks for a client, where each tenant has one. */
export interface Home {
  /** Whose host it is; absent: the deployment's own. */
  readonly tenantId: string | undefined
}

/**
 * Whether a client is one of this issuer's. One that an operator registered for a tenant is of that tenant's issuer. Who is known by a metadata
 * document is known everywhere: what people allowed it, and what it holds, is of a tenant anyway.
 * @param home `undefined`: there is one issuer
 */
export function isOfIssuer(
  client: Pick<Client, 'kind' | 'issuerTenantId' | 'tenantId'>,
  home: Home | undefined,
): boolean {
  if (home === undefined || client.kind === 'metadata') return true
  const registeredFor = client.kind === 'registered' ? client.tenantId : null
  return (client.issuerTenantId ?? registeredFor) === (home.tenantId ?? null)
}

/** Whether a grant is one of this issuer's. */
export const isAtHome = ({ tenantId }: { readonly tenantId: string }, home: Home | undefined): boolean =>
  home?.tenantId === undefined || home.tenantId === tenantId
