/** A JetStream stream. Durations in seconds; absent = no limit. */
export interface StreamDefinition {
  readonly name: string
  readonly subjects: readonly string[]
  readonly maxAgeSeconds?: number
  readonly maxBytes?: number
  readonly maxMessagesPerSubject?: number
  /** Window in which a message id is known, so that a repeated publish is stored once. */
  readonly duplicateWindowSeconds: number
}

/** The longest access token any profile may issue, plus clock skew: how long a revocation has to be remembered. */
export const DELTA_AGE_SECONDS = 24 * 3600 + 120

/** Every stream of the house. The migration step creates them; services only use them. */
export const STREAMS = {
  /** What changed in the company's domain: `domain.<tenant>.<entity>.<verb>`. */
  domain: { name: 'DOMAIN', subjects: ['domain.>'], maxAgeSeconds: 24 * 3600, duplicateWindowSeconds: 120 },
  /** Tool calls and other audited facts, many in one message: `audit.<node>`. */
  audit: { name: 'AUDIT', subjects: ['audit.>'], maxAgeSeconds: 30 * 24 * 3600, duplicateWindowSeconds: 600 },
  /** What the audit service signed about its log, where the owner of its database has no say: `audit-heads.<chain>`. */
  auditHeads: {
    name: 'AUDIT_HEADS',
    subjects: ['audit-heads.>'],
    maxAgeSeconds: 400 * 24 * 3600,
    maxMessagesPerSubject: 5_000,
    duplicateWindowSeconds: 600,
  },
  /** What nodes need to know and differs from the default: `auth.state.<tenant|role|client|resource>.<id>`, last per subject. */
  authState: { name: 'AUTH_STATE', subjects: ['auth.state.>'], maxMessagesPerSubject: 1, duplicateWindowSeconds: 120 },
  /** What was taken back, `auth.delta.<kind>.<id>`, and the tick, `auth.delta.tick`; last per subject. */
  authDelta: {
    name: 'AUTH_DELTA',
    subjects: ['auth.delta.>'],
    maxAgeSeconds: DELTA_AGE_SECONDS,
    maxMessagesPerSubject: 1,
    duplicateWindowSeconds: 120,
  },
} as const satisfies Record<string, StreamDefinition>

/** `true` for a value that is one token of a subject: no dots, wildcards or white space. */
export const isSubjectToken = (value: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(value)

export const domainSubject = (tenant: string, name: string): string => `domain.${tenant}.${name}`
/** Chains are named by ids of tenants, which may be anything. */
export const auditHeadSubject = (chain: string): string => `audit-heads.${Buffer.from(chain).toString('base64url')}`
export const auditSubject = (node: string): string => `audit.${node}`
export const stateSubject = (kind: 'tenant' | 'role' | 'client' | 'resource', id: string): string =>
  `auth.state.${kind}.${id}`
