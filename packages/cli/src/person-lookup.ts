import type { AdminClient } from './admin-client.ts'
import { listIn } from './context.ts'
import { Failure } from './failure.ts'

export interface Account {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly status: string
  readonly password: boolean
  readonly memberships: readonly { readonly tenant: string; readonly name: string; readonly role: string }[]
  readonly identities: readonly { readonly issuer: string; readonly subject: string; readonly email: string }[]
}

/** People know addresses, the API wants ids; either may be given. @throws Failure when nobody has it */
export async function findPerson(api: AdminClient, given: string): Promise<Account> {
  if (!given.includes('@')) return (await api.get(personPath(given))) as Account
  const [found] = listIn<Account>(await api.get('/admin/v1/people', { email: given }), 'people')
  if (found === undefined) throw new Failure('refused', `nobody has the address ${given}`)
  return found
}

export const personPath = (id: string): string => `/admin/v1/people/${encodeURIComponent(id)}`
