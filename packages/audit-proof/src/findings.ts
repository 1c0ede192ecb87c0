/** What verification finds. */
export type FindingKind =
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'reordered'
  | 'cut-tail'
  | 'recomputed'
  | 'removed-tenant'
  | 'forged-head'
  | 'rolled-back'
  | 'incomplete'

export interface Finding {
  readonly kind: FindingKind
  readonly tenant?: string
  readonly class?: string
  readonly month?: string
  /** The first row that is concerned. */
  readonly seq?: number
  readonly id?: string
  /** How many rows, where it is more than one. */
  readonly rows?: number
  /** What the head was, where it is about a head. */
  readonly head?: number
}

const WORDS: Readonly<Record<FindingKind, string>> = {
  changed: 'a row was changed',
  removed: 'rows are missing',
  inserted: 'a row was added that was never sealed at this place',
  reordered: 'a row stands at another place than it was sealed at',
  'cut-tail': 'the last rows are missing',
  recomputed: 'the chain is not the one that was signed: it was computed anew',
  'removed-tenant': 'a tenant is missing',
  'forged-head': 'a head is missing or not signed by a key of the audit service',
  'rolled-back': 'the log is older than a head that was seen outside of it',
  incomplete: 'the export ends before its end',
}

/** One line for people. */
export function describeFinding(finding: Finding): string {
  const { kind, tenant, class: segment, month, seq, id, rows, head } = finding
  const where = [
    tenant === undefined ? undefined : `tenant ${tenant}`,
    segment === undefined ? undefined : `${segment} ${month ?? ''}`,
    seq === undefined ? undefined : `row ${seq}`,
    rows === undefined ? undefined : `${rows} ${rows === 1 ? 'row' : 'rows'}`,
    id === undefined ? undefined : `event ${id}`,
    head === undefined ? undefined : `head ${head}`,
  ].filter((part) => part !== undefined)
  return `${kind}: ${WORDS[kind]}${where.length === 0 ? '' : ` (${where.join(', ')})`}`
}
