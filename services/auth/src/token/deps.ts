import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Keyring } from '@gatehouse/keyring'
import type { Profile } from '@gatehouse/profiles'
import type { AskedBy } from '../audit/asked-by.ts'
import type { Client } from '../clients/clients.store.ts'
import type { Home } from '../clients/of-issuer.ts'
import type { Params } from '../http/form.ts'
import type { OpenResources } from '../resources/registry.ts'
import type { Offered } from '../scopes/offered.ts'
import type { Issue, Minter } from './mint.ts'
import type { Family } from './refresh.store.ts'

export interface TokenDeps {
  readonly profile: Profile
  readonly db: Database
  readonly clock: Clock
  readonly resources: OpenResources
  readonly offered: Offered
  readonly refreshRing: Keyring
  readonly minter: Minter
  readonly home: Home | undefined
  /** A refresh token's family as it is now, held by nobody; nothing for a token that is none of ours. */
  readonly readFamily: (hash: Uint8Array) => Promise<Family | undefined>
}

/** What a grant is given: a request whose client has proven itself. */
export interface TokenRequest {
  readonly form: Params
  readonly client: Client
  /** When the whole of it had reached this process, before it waited for anything. Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly askedBy: AskedBy
}

/** One grant type. @throws Refusal */
export type GrantHandler = (request: TokenRequest, deps: TokenDeps) => Promise<Issue>
