import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { Params } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import { newSecret, sha256 } from '../secrets.ts'
import { pushed_insert, pushed_use } from './pushed.store.ts'

const URN = 'urn:ietf:params:oauth:request_uri:'
/** Long enough for a browser to be opened, too short to be handed around. */
export const PUSHED_SECONDS = 90
/** What a client proves itself with; no part of the request. */
const CREDENTIALS = ['client_secret', 'client_assertion', 'client_assertion_type']

/** Whether a `request_uri` looks like one that was handed out here. */
export const isPushed = (requestUri: string | undefined): requestUri is string => requestUri?.startsWith(URN) === true

interface PushedDeps {
  readonly db: Database
  readonly clock: Clock
}

/** Keeps a request that has passed its checks. @returns its `request_uri` */
export async function keepPushed(params: Params, clientId: string, { db, clock }: PushedDeps): Promise<string> {
  const random = newSecret()
  const now = clock.now()
  const parameters = params.without([...CREDENTIALS, 'client_id'])
  parameters.set('client_id', clientId)
  await db.asPlatform('pushed request', (tx) =>
    pushed_insert(tx, {
      hash: sha256(random),
      clientId,
      parameters: parameters.toString(),
      now: new Date(now),
      expiresAt: new Date(now + PUSHED_SECONDS * 1_000),
    }),
  )
  return `${URN}${random}`
}

/**
 * The request behind a `request_uri`, which is used up by this. What else the authorization request says is ignored (RFC 9126 section 4).
 * @throws PageFault for one that is unknown, used, too old, or another client's: where such a request would return to is not known
 */
export async function takePushed(
  requestUri: string,
  clientId: string | undefined,
  { db, clock }: PushedDeps,
): Promise<Params> {
  const hash = sha256(requestUri.slice(URN.length))
  const found =
    clientId === undefined
      ? undefined
      : await db.asPlatform('pushed request', (tx) => pushed_use(tx, hash, clientId, new Date(clock.now())))
  if (found === undefined) throw new PageFault('pushed.unknown')
  return new Params(new URLSearchParams(found.parameters))
}
