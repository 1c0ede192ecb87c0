import { sql, type Tx } from '@gatehouse/database'
import type { Prompt } from './checks.ts'

/** An authorization request on its way to an answer. */
export interface PendingRequest {
  readonly id: string
  readonly clientId: string
  readonly redirectUri: string
  readonly redirectGiven: boolean
  readonly state: string | null
  readonly scopes: readonly string[]
  /** Registered identifiers, at least one. */
  readonly resources: readonly string[]
  readonly challenge: string
  readonly nonce: string | null
  readonly loginHint: string | null
  /** Seconds. */
  readonly maxAge: number | null
  readonly unmet: readonly Prompt[]
  readonly silent: boolean
  readonly phase: 'requested' | 'identified'
}

const columns = sql`id, client_id as "clientId", redirect_uri as "redirectUri", redirect_given as "redirectGiven", state, scopes,
  resources, challenge, nonce, login_hint as "loginHint", max_age as "maxAge", unmet, silent, phase`

export const request_insert = (
  tx: Tx,
  request: PendingRequest,
  of: { readonly browserHash: Uint8Array; readonly now: Date; readonly expiresAt: Date },
) =>
  tx.run(sql`
    insert into auth.requests (id, browser_hash, client_id, redirect_uri, redirect_given, state, scopes, resources, challenge,
      nonce, login_hint, max_age, unmet, silent, phase, created_at, expires_at)
    values (${request.id}, ${of.browserHash}, ${request.clientId}, ${request.redirectUri}, ${request.redirectGiven},
      ${request.state}, ${request.scopes}, ${request.resources}, ${request.challenge}, ${request.nonce}, ${request.loginHint}, ${request.maxAge},
      ${request.unmet}, ${request.silent}, ${request.phase}, ${of.now}, ${of.expiresAt})`)

/** A client whose name, redirects or keys have changed since is another than the one whose page the person was shown. */
const living = (id: string, browserHash: Uint8Array, now: Date) =>
  sql`id = ${id} and browser_hash = ${browserHash} and expires_at > ${now} and phase in ('requested', 'identified')
    and not exists (select from auth.clients k where k.id = requests.client_id and k.changed_at > requests.created_at)`

/** A request that this browser can still answer, held so that it is answered once. */
export const request_lock = (tx: Tx, id: string, browserHash: Uint8Array, now: Date) =>
  tx.maybe<PendingRequest>(sql`select ${columns} from auth.requests where ${living(id, browserHash, now)} for update`)

export const request_describe = (tx: Tx, id: string, browserHash: Uint8Array) =>
  tx.maybe<
    Pick<PendingRequest, 'redirectUri' | 'loginHint' | 'maxAge' | 'unmet'> & { readonly clientName: string }
  >(sql`
    select r.redirect_uri as "redirectUri", r.login_hint as "loginHint", r.max_age as "maxAge", r.unmet,
      c.name as "clientName" from auth.requests r
      join auth.clients c on c.id = r.client_id where r.id = ${id} and r.browser_hash = ${browserHash}`)

export const request_end = (tx: Tx, id: string, phase: 'coded' | 'refused') =>
  tx.run(sql`update auth.requests set phase = ${phase} where id = ${id}`)

/** After a sign-in the browser has another cookie; what it was about to answer goes along. */
export const request_move = (tx: Tx, from: Uint8Array, to: Uint8Array) =>
  tx.run(sql`update auth.requests set browser_hash = ${to} where browser_hash = ${from}`)

export const request_identify = (tx: Tx, id: string, browserHash: Uint8Array) =>
  tx.run(sql`
    update auth.requests set phase = 'identified', unmet = array_remove(unmet, 'login')
    where id = ${id} and browser_hash = ${browserHash} and phase in ('requested', 'identified')`)
