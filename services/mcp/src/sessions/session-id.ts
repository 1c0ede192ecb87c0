import { createHash, randomBytes } from 'node:crypto'
import type { ClientFacts } from '@gatehouse/catalog'
import type { Sealer } from '@gatehouse/keyring'
import type { Principal } from '@gatehouse/policy'
import { isObject } from '../protocol/classify.ts'
import { LEGACY, type LegacyRevision, OLDEST } from '../protocol/revisions.ts'

/** What a session id says by itself, wherever it comes to. */
export interface SessionFacts {
  /** Names the session to nodes; random. */
  readonly id: string
  /** Whose it is: `holderOf` its principal. */
  readonly holder: string
  readonly revision: LegacyRevision
  readonly client: ClientFacts
  /** The client declared more than fits into an id: the store has it. */
  readonly more: boolean
  /** Seconds since the epoch. */
  readonly bornAt: number
  /** Sequence of the domain stream at that time. */
  readonly since: number
}

const ABOUT = 'mcp-session'
const REVISIONS: readonly LegacyRevision[] = [...LEGACY, OLDEST]
/** An id has at most 512 characters: names of clients are cut. */
const MAX_NAME_BYTES = 64
const MAX_VERSION_BYTES = 32

/** Capabilities of clients that a bit stands for, in the order of the bits: never reordered, only added to. */
const BITS: readonly (readonly [kind: string, part?: string, flag?: true])[] = [
  ['elicitation'],
  ['elicitation', 'form'],
  ['elicitation', 'url'],
  ['sampling'],
  ['sampling', 'tools'],
  ['sampling', 'context'],
  ['roots'],
  ['roots', 'listChanged', true],
]

export const newSessionId = (): string => randomBytes(12).toString('base64url')

/** A principal in 22 characters: workspace, who, and through which client. Another credential of the same three may go on. */
export function holderOf({ tenant, kind, subject, client }: Principal): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, kind, subject, client ?? null]))
    .digest()
    .subarray(0, 16)
    .toString('base64url')
}

/** At most 512 characters of `A-Z a-z 0-9 - _`. */
export function sealSession(sealer: Sealer, facts: SessionFacts): string {
  const { id, holder, revision, client, more, bornAt, since } = facts
  const { name = '', version = '' } = client
  return sealer.seal(
    ABOUT,
    JSON.stringify([
      id,
      holder,
      REVISIONS.indexOf(revision),
      bitsOf(client.capabilities),
      more ? 1 : 0,
      bornAt,
      since,
      cut(name, MAX_NAME_BYTES),
      cut(version, MAX_VERSION_BYTES),
    ]),
  )
}

/** `undefined` for what is no session id of ours. @throws when the keys cannot be read */
export async function openSession(sealer: Sealer, text: string): Promise<SessionFacts | undefined> {
  if (text.length > 512) return undefined
  const opened = await sealer.openFresh(ABOUT, text)
  if (opened === undefined) return undefined
  const [id, holder, at, bits, more, bornAt, since, name, version] = JSON.parse(opened.toString('utf8'))
  const revision = REVISIONS[at]
  if (revision === undefined) return undefined
  return {
    id,
    holder,
    revision,
    bornAt,
    since,
    more: more === 1,
    client: {
      capabilities: capabilitiesOf(bits),
      ...(name === '' ? {} : { name }),
      ...(version === '' ? {} : { version }),
    },
  }
}

/** Whether the bits say all that was declared. */
export const fitsBits = (declared: ClientFacts['capabilities']): boolean =>
  canonical(capabilitiesOf(bitsOf(declared))) === canonical(declared)

function bitsOf(declared: ClientFacts['capabilities']): number {
  return BITS.reduce((bits, [kind, part, flag], at) => {
    const value = declared[kind]
    if (!isObject(value)) return bits
    const there = part === undefined || (flag === true ? value[part] === true : isObject(value[part]))
    return there ? bits | (1 << at) : bits
  }, 0)
}

function capabilitiesOf(bits: number): Record<string, Record<string, unknown>> {
  const declared: Record<string, Record<string, unknown>> = {}
  BITS.forEach(([kind, part, flag], at) => {
    if ((bits & (1 << at)) === 0) return
    declared[kind] ??= {}
    if (part !== undefined) declared[kind][part] = flag ?? {}
  })
  return declared
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, of: unknown) =>
    isObject(of) ? Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1))) : of,
  )

/** Whole characters, at most so many bytes. */
function cut(text: string, bytes: number): string {
  let kept = ''
  let size = 0
  for (const character of text) {
    // As JSON, a control character takes six.
    size += Buffer.byteLength(JSON.stringify(character)) - 2
    if (size > bytes) break
    kept += character
  }
  return kept
}
