import { STREAMS } from './streams.ts'

/** Who connects to the message bus. The company's own services are one user a tenant, `company`. */
export type BusUserName = 'auth' | 'mcp' | 'audit' | 'migrate' | 'company'

/** What a user of the message bus may do there. Whatever is not named is refused by the server. */
export interface BusUser {
  readonly name: BusUserName
  /** In words. */
  readonly purpose: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

const { domain, audit, auditHeads, authState, authDelta } = STREAMS
type Stream = { readonly name: string }

/** Reads a stream in order by a consumer of its own, which acknowledges nothing. */
const follows = ({ name }: Stream): readonly string[] => [
  `$JS.API.STREAM.INFO.${name}`,
  `$JS.API.CONSUMER.CREATE.${name}`,
  `$JS.API.CONSUMER.CREATE.${name}.>`,
  `$JS.FC.${name}.>`,
]

/** Shares a durable consumer of a stream. */
const consumes = ({ name }: Stream, durable: string): readonly string[] => [
  `$JS.API.STREAM.INFO.${name}`,
  `$JS.API.CONSUMER.CREATE.${name}.${durable}`,
  `$JS.API.CONSUMER.CREATE.${name}.${durable}.>`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${name}.${durable}`,
  `$JS.API.CONSUMER.MSG.NEXT.${name}.${durable}`,
  `$JS.ACK.${name}.${durable}.>`,
]

const makes = ({ name }: Stream): readonly string[] => [
  `$JS.API.STREAM.INFO.${name}`,
  `$JS.API.STREAM.CREATE.${name}`,
  `$JS.API.STREAM.UPDATE.${name}`,
]

/** Deletes a stream and creates it anew: for what can be told again. */
const remakes = (stream: Stream): readonly string[] => [...makes(stream), `$JS.API.STREAM.DELETE.${stream.name}`]

/** Answers are heard below a place of one's own, so that nobody hears those of another. */
const user = (name: BusUserName, purpose: string, publish: readonly string[]): BusUser => ({
  name,
  purpose,
  publish,
  subscribe: [`_INBOX.${name}.>`],
})

/** The durable consumer of the audit service. */
export const AUDIT_DURABLE = 'audit-ingest'

/**
 * Every user of the bus. What nodes believe about tenants, roles and revoked credentials is published by auth and nobody else.
 * @param tenant for which the company's services may publish; one token of a subject, `*` for all tenants
 */
export const busUsers = (tenant = '*'): readonly BusUser[] => [
  user('auth', 'state and revocations; its share of the audit log', [
    ...authState.subjects,
    ...authDelta.subjects,
    ...audit.subjects,
    ...follows(authState),
    ...follows(authDelta),
    ...remakes(authState),
    ...remakes(authDelta),
  ]),
  user('mcp', 'changes that tools make; tool calls for the audit log', [
    ...domain.subjects,
    ...audit.subjects,
    ...follows(domain),
    ...follows(authState),
    ...follows(authDelta),
  ]),
  user('audit', 'keeps the audit log, and publishes what it signed of it', [
    ...auditHeads.subjects,
    ...consumes(audit, AUDIT_DURABLE),
    ...follows(auditHeads),
    ...follows(authState),
    ...follows(authDelta),
  ]),
  user('migrate', 'creates and updates the streams', Object.values(STREAMS).flatMap(makes)),
  user('company', 'changes in the company’s own services', [`domain.${tenant}.>`]),
]
