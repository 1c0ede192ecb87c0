import type { ServerResponse } from 'node:http'
import type { ListName } from '@gatehouse/catalog'
import type { Principal, Requirement } from '@gatehouse/policy'
import { type Frames, KEEP_ALIVE } from './frames.ts'
import { writeNow } from './write-now.ts'

/** After the last frame a reader has so long to take it before the socket is closed. */
const LINGER_MS = 5_000

/** What the hub has of an open stream, of whichever kind. Its buffer is a set: updates of one URI, and of one list, coalesce. */
export interface HubStream {
  readonly principal: Principal
  readonly uris: ReadonlyMap<string, Requirement>
  /** The lists of whose changes it is told. */
  readonly lists: ReadonlySet<ListName>
  /** Sequence of the domain stream after which changes of a URI count for it; absent: every change that is remembered. */
  since?(uri: string): number
  /** Remembers that a URI changed; `flush` sends it. */
  mark(uri: string): void
  markList(list: ListName): void
  /** The tasks of which it is told; only where there are any. */
  readonly tasks?: ReadonlySet<string>
  /** Remembers a task as it is now, as JSON text of its members: what it was before is not told any more. */
  markTask?(id: string, task: MarkedTask): void
  /** Sends what is marked and still allowed, unless the reader is behind: then it goes when the reader has caught up. */
  flush(allowed: (requirement: Requirement) => boolean): void
  keepAlive(): void
  /** It carries the answer of a call that runs: a node that ends lets it come first. */
  readonly answering?: boolean
  /** Since when (milliseconds) the reader has not taken what was written; `undefined` while it keeps up. */
  readonly behindSince: number | undefined
  /** Sends the result frame and closes. Repeats do nothing. */
  end(): void
  readonly ended: boolean
}

export interface MarkedTask {
  readonly requirement: Requirement
  readonly members: string
}

/** No list, for streams that are told of none. */
export const NO_LISTS: ReadonlySet<ListName> = new Set()
const NO_TASKS: ReadonlySet<string> = new Set()

/** What became known of its stream, to whoever keeps all of them. */
export interface Keeper<S extends HubStream> {
  /** Milliseconds since the epoch. */
  now(): number
  /** The reader has caught up and something is marked. */
  ready(stream: S): void
  /** The connection is gone, by whichever side. Called once. */
  gone(stream: S): void
}

export interface ListenStreamOptions {
  /** Of its connection. */
  readonly id: string
  readonly raw: ServerResponse
  readonly frames: Frames
  readonly principal: Principal
  readonly uris: ReadonlyMap<string, Requirement>
  readonly lists?: ReadonlySet<ListName>
  readonly tasks?: ReadonlySet<string>
}

/**
 * One open `subscriptions/listen` answer. A class, and what it has marked made when it is marked: a node has thousands, and each is there for hours
 * with nothing to say.
 */
export class ListenStream implements HubStream {
  readonly id: string
  readonly principal: Principal
  readonly uris: ReadonlyMap<string, Requirement>
  readonly lists: ReadonlySet<ListName>
  readonly tasks: ReadonlySet<string>
  readonly #raw: ServerResponse
  readonly #frames: Frames
  readonly #keeper: Keeper<ListenStream>
  /** One is by itself: most changes are of one URI. */
  #marked: string | Set<string> | undefined
  #markedLists: Set<ListName> | undefined
  #markedTasks: Map<string, MarkedTask> | undefined
  #behindSince: number | undefined
  #ended = false

  constructor(options: ListenStreamOptions, keeper: Keeper<ListenStream>) {
    const { id, raw, frames, principal, uris, lists = NO_LISTS, tasks = NO_TASKS } = options
    this.id = id
    this.principal = principal
    this.uris = uris
    this.lists = lists
    this.tasks = tasks
    this.#raw = raw
    this.#frames = frames
    this.#keeper = keeper
    raw.on('drain', () => this.#caughtUp())
    raw.once('close', () => {
      this.#ended = true
      keeper.gone(this)
    })
    raw.on('error', leaves)
  }

  get behindSince(): number | undefined {
    return this.#behindSince
  }

  get ended(): boolean {
    return this.#ended
  }

  mark(uri: string): void {
    const marked = this.#marked
    if (this.#ended || marked === uri) return
    if (marked === undefined) this.#marked = uri
    else if (typeof marked === 'string') this.#marked = new Set([marked, uri])
    else marked.add(uri)
  }

  markList(list: ListName): void {
    if (this.#ended || !this.lists.has(list)) return
    this.#markedLists ??= new Set()
    this.#markedLists.add(list)
  }

  markTask(id: string, task: MarkedTask): void {
    if (this.#ended || !this.tasks.has(id)) return
    this.#markedTasks ??= new Map()
    this.#markedTasks.set(id, task)
  }

  flush(allowed: (requirement: Requirement) => boolean): void {
    if (this.#ended || this.#behindSince !== undefined || !this.#waits) return
    const [lists, tasks] = [this.#markedLists, this.#markedTasks]
    const uris = typeof this.#marked === 'string' ? [this.#marked] : this.#marked
    this.#forget()
    let text = ''
    // The lists first: who reads them again finds what was added.
    for (const list of lists ?? []) text += this.#frames.listChanged(list)
    for (const uri of uris ?? []) {
      const requirement = this.uris.get(uri)
      if (requirement !== undefined && allowed(requirement)) text += this.#frames.updated(uri)
    }
    for (const { requirement, members } of tasks?.values() ?? []) {
      if (allowed(requirement)) text += this.#frames.task(members)
    }
    if (text !== '') this.#write(text)
  }

  keepAlive(): void {
    if (!this.#ended && this.#behindSince === undefined) this.#write(KEEP_ALIVE)
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#forget()
    const raw = this.#raw
    raw.end(this.#frames.completed())
    const timer = setTimeout(() => raw.destroy(), LINGER_MS)
    timer.unref()
    raw.once('close', () => clearTimeout(timer))
  }

  get #waits(): boolean {
    return this.#marked !== undefined || this.#markedLists !== undefined || this.#markedTasks !== undefined
  }

  #forget(): void {
    this.#marked = this.#markedLists = this.#markedTasks = undefined
  }

  #write(text: string): void {
    if (!writeNow(this.#raw, text)) this.#behindSince ??= this.#keeper.now()
  }

  #caughtUp(): void {
    this.#behindSince = undefined
    if (this.#waits) this.#keeper.ready(this)
  }
}

/** A reader that disappears while something is written is no fault of ours; `close` follows. */
const leaves = (): void => undefined
