import { AUDITED, type AuditedData, type Clock, envelopeOf } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { actorOf, storableName } from '../calls/event.ts'
import type { Recorder } from '../calls/record.ts'
import type { EdgeReason } from '../errors.ts'

/** A request whose credential is good and that was turned away all the same, before any method was looked at. */
export interface TurnedAway {
  readonly principal: Principal
  readonly reason: EdgeReason
  readonly requestId: string
  /** How many tool calls it carried; absent: none, or its body was not read and no header names its method. */
  readonly calls?: number | undefined
  /** Of its one call, as the client named it. */
  readonly tool?: string | undefined
  readonly revision?: string | undefined
}

export interface DoorLog {
  /** Resolves when it may be answered: at once, or for the first of a window when that is durable, or after a second without. Never rejects. */
  turnedAway(request: TurnedAway): Promise<void> | undefined
  /** Tells what was only counted so far. Before the recorder is closed. */
  close(): void
}

const WINDOW_MS = 60_000
const WAIT_MS = 1_000
/** Windows of single credentials at a time; beyond it those of a tenant share one. */
const MAX_WINDOWS = 1_000

interface Window {
  readonly principal: Principal
  readonly data: Omit<AuditedData, 'count'>
  readonly endsAt: number
  lastAt: number
  more: number
}

/**
 * Tells the audit log who was turned away at the door, in a measure that no flood moves: of one credential and reason the first of a minute
 * at once, and the further ones as one event with their number, when the minute is over. Calls of tools are told apart from other requests.
 */
export function createDoorLog(deps: {
  readonly recorder: Pick<Recorder, 'record'>
  readonly clock: Clock
  readonly node: string
  readonly windowMs?: number
  readonly maxWindows?: number
}): DoorLog {
  const { recorder, clock, node, windowMs = WINDOW_MS, maxWindows = MAX_WINDOWS } = deps
  /** In the order in which they end, since all are of one length. */
  const windows = new Map<string, Window>()
  let timer: NodeJS.Timeout | undefined

  const tell = ({ principal, data }: Pick<Window, 'principal' | 'data'>, more: Partial<AuditedData>, waitMs: number) =>
    recorder.record(
      envelopeOf(
        AUDITED.turnedAway,
        { source: '/services/mcp', tenant: principal.tenant, now: new Date(clock.now()) },
        { ...data, ...more },
      ),
      waitMs,
    )
  const end = (key: string, { more, lastAt, endsAt, principal, data }: Window): void => {
    windows.delete(key)
    if (more === 0) return
    const { object: _tool, requestId: _first, ...shared } = data
    void tell({ principal, data: shared }, { count: more, durationMs: lastAt - (endsAt - windowMs) }, 0)
  }
  /** Ends those whose time is over, and looks again when that of the next one is. */
  const sweep = (): void => {
    const now = clock.now()
    for (const [key, window] of windows) {
      if (window.endsAt > now) {
        timer ??= setTimeout(again, window.endsAt - now).unref()
        return
      }
      end(key, window)
    }
  }
  const again = (): void => {
    timer = undefined
    sweep()
  }

  return {
    turnedAway({ principal, reason, requestId, calls = 0, tool, revision }) {
      sweep()
      const now = clock.now()
      const count = Math.max(1, calls)
      const kind = `${reason} ${calls > 0}`
      const own = JSON.stringify([kind, principal.tenant, principal.credentialId])
      const alone = windows.has(own) || windows.size < maxWindows
      const key = alone ? own : JSON.stringify([kind, principal.tenant])
      const known = windows.get(key)
      if (known !== undefined) {
        known.more += count
        known.lastAt = now
        return undefined
      }
      const data: Window['data'] = {
        actor: alone ? actorOf(principal) : { kind: 'nobody' },
        outcome: 'refused',
        reason,
        ...(calls > 0 ? { action: 'tools/call' } : {}),
        ...(tool === undefined ? {} : { object: { kind: 'tool', id: storableName(tool) } }),
        ...(revision === undefined ? {} : { protocolVersion: revision }),
        requestId,
        node,
      }
      const window: Window = { principal, data, endsAt: now + windowMs, lastAt: now, more: 0 }
      windows.set(key, window)
      sweep()
      return tell(window, count > 1 ? { count } : {}, WAIT_MS).then(() => undefined)
    },
    close() {
      clearTimeout(timer)
      for (const [key, window] of windows) end(key, window)
    },
  }
}
