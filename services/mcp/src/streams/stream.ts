import type { ServerResponse } from 'node:http'
import type { ListName } from '@gatehouse/catalog'
import type { Principal, Requirement } from '@gatehouse/policy'
import { type Frames, KEEP_ALIVE } from './frames.ts'

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
/** Of all streams that mark none; nothing is ever added. */
const NONE_MARKED = new Set<ListName>()
const NO_TASK_MARKED = new Map<string, MarkedTask>()

/** One open `subscriptions/listen` answer. */
export function createListenStream(options: {
  readonly raw: ServerResponse
  readonly frames: Frames
  readonly principal: Principal
  readonly uris: ReadonlyMap<string, Requirement>
  readonly lists?: ReadonlySet<ListName>
  readonly tasks?: ReadonlySet<string>
  readonly now: () => number
  /** The reader has caught up and something is marked. */
  readonly ready: (stream: HubStream) => void
  /** The connection is gone, by whichever side. Called once. */
  readonly gone: (stream: HubStream) => void
}): HubStream {
  const { raw, frames, uris, lists = NO_LISTS, tasks = NO_TASKS } = options
  const marked = new Set<string>()
  // Most streams are told of neither.
  const markedLists = lists.size === 0 ? NONE_MARKED : new Set<ListName>()
  const markedTasks = tasks.size === 0 ? NO_TASK_MARKED : new Map<string, MarkedTask>()
  const waits = (): boolean => marked.size > 0 || markedLists.size > 0 || markedTasks.size > 0
  let behindSince: number | undefined
  let ended = false

  const write = (text: string): void => {
    if (!raw.write(text) && behindSince === undefined) behindSince = options.now()
  }
  const stream: HubStream = {
    principal: options.principal,
    uris,
    lists,
    tasks,
    markTask(id, task) {
      if (!ended && tasks.has(id)) markedTasks.set(id, task)
    },
    markList(list) {
      if (!ended && lists.has(list)) markedLists.add(list)
    },
    mark(uri) {
      if (!ended) marked.add(uri)
    },
    flush(allowed) {
      if (ended || behindSince !== undefined || !waits()) return
      let text = ''
      // The lists first: who reads them again finds what was added.
      for (const list of markedLists) text += frames.listChanged(list)
      markedLists.clear()
      for (const uri of marked) {
        const requirement = uris.get(uri)
        if (requirement !== undefined && allowed(requirement)) text += frames.updated(uri)
      }
      marked.clear()
      for (const { requirement, members } of markedTasks.values()) {
        if (allowed(requirement)) text += frames.task(members)
      }
      markedTasks.clear()
      if (text !== '') write(text)
    },
    keepAlive() {
      if (!ended && behindSince === undefined) write(KEEP_ALIVE)
    },
    get behindSince() {
      return behindSince
    },
    end() {
      if (ended) return
      ended = true
      marked.clear()
      markedLists.clear()
      markedTasks.clear()
      raw.end(frames.completed())
      const timer = setTimeout(() => raw.destroy(), LINGER_MS)
      timer.unref()
      raw.once('close', () => clearTimeout(timer))
    },
    get ended() {
      return ended
    },
  }
  raw.on('drain', () => {
    behindSince = undefined
    if (waits()) options.ready(stream)
  })
  raw.once('close', () => {
    ended = true
    options.gone(stream)
  })
  // A reader that disappears while something is written is no fault of ours; `close` follows.
  raw.on('error', () => undefined)
  return stream
}
