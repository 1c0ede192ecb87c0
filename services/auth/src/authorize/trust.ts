import type { Client } from '../clients/clients.store.ts'
import type { FindClient } from '../clients/find.ts'
import { TrustedRedirect } from '../clients/redirects.ts'
import type { Params } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'

/** A client, and where its answers go: the first that is proven of a request. */
export interface Trusted {
  readonly client: Client
  readonly redirect: TrustedRedirect
}

/**
 * Client and redirect of an untrusted request. Until both are proven nothing is redirected (RFC 6749 section 4.1.2.1).
 * @param sender whose request it is, as limits count them
 * @throws PageFault
 */
export async function trust(params: Params, sender: string, find: FindClient): Promise<Trusted> {
  const [clientId, ...otherIds] = params.all('client_id')
  if (clientId === undefined || otherIds.length > 0) throw new PageFault('client.missing')
  const found = await find(clientId, sender)
  if (!found.ok) throw new PageFault(found.reason)
  const { client } = found
  const redirect = redirectOf(params, client)
  if (typeof redirect === 'string') throw new PageFault(redirect)
  return { client, redirect }
}

/** The redirect of a request, or why there is none. */
export function redirectOf(params: Params, client: Client): TrustedRedirect | 'redirect.missing' | 'redirect.foreign' {
  const uris = params.all('redirect_uri')
  if (uris.length > 1) return 'redirect.missing'
  const redirect = TrustedRedirect.match(client.redirectUris, uris[0])
  return redirect ?? (uris.length === 0 ? 'redirect.missing' : 'redirect.foreign')
}

/**
 * Whether whoever made the client chose where it sends people. Such a client could use this server to send them on under
 * our name, so nobody is sent there before they have signed in (RFC 9700 section 4.11.2).
 */
export const isSelfMade = ({ kind }: Pick<Client, 'kind'>): boolean => kind !== 'registered'
