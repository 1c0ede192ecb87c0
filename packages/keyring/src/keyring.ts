import type { JWK } from 'jose'

/** How a ring makes a key: `secret` is encrypted at rest, `publicJwk` is published. */
export type MakeKey = () => Promise<{ readonly secret: Uint8Array; readonly publicJwk: JWK | null }>

/** One key of a ring. It is published from `createdAt`, used from `activeAt` until a later one is, and known until `retiringAt`. */
export interface RingKey {
  /** The `kid`; unique within its ring. */
  readonly id: string
  readonly secret: Uint8Array
  /** The half that is published; `null` for keys that are secret altogether. */
  readonly publicJwk: JWK | null
  readonly createdAt: Date
  readonly activeAt: Date
  /** `null` while nothing says when it ends. */
  readonly retiringAt: Date | null
}

export interface RotateOptions {
  /**
   * `planned` (default): a new key is published now and used once everybody has read it. `due`: the same, and only if the
   * schedule of the ring says so. `now`: in use at once, for emergencies; whoever has not read it yet has to look for it.
   */
  readonly when?: 'planned' | 'due' | 'now'
  /** With `now`: the other keys are not known any more. What they signed or sealed is refused from then on. */
  readonly retireOthers?: boolean
}

/** What everybody may know of a key. */
export type ListedKey = Omit<RingKey, 'secret'>

/** A ring as an operator sees it, wherever its secrets are. */
export interface ListedRing {
  readonly name: string
  /** The keys as they are at this moment. */
  refresh(): Promise<readonly ListedKey[]>
  /** @throws RingIsFixed for a ring that is kept elsewhere */
  rotate(options?: RotateOptions): Promise<ListedKey>
}

/** The keys for one purpose, by age. All nodes of a service have the same. */
export interface Keyring extends ListedRing {
  /** All that are not retired; the first is made when there is none. @throws DatabaseUnavailable, WrongMasterSecret */
  keys(): Promise<readonly RingKey[]>
  /** The key to use now. */
  active(): Promise<RingKey>
  /** The keys as they are at this moment, past what this node remembers. */
  refresh(): Promise<readonly RingKey[]>
  /**
   * Brings the next key; all nodes that ask at once rotate once. With a key already on its way, that one.
   * @returns the newest key @throws RingIsFixed for a ring that is kept elsewhere
   */
  rotate(options?: RotateOptions): Promise<RingKey>
}

/** Whoever keeps this ring's keys changes them: a file, a key service, or the test that gave them. */
export class RingIsFixed extends Error {
  constructor(ring: string, instead: string) {
    super(`the keys of the ring ${ring} cannot be rotated here: ${instead}`)
    this.name = 'RingIsFixed'
  }
}
