import type { Sealer } from '@gatehouse/keyring'
import type { KeyValue } from '@gatehouse/kv'
import type { Requirement } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'
import type { Presence } from '../presence/presence.ts'
import type { Registry } from '../registry/build.ts'
import type { Hub } from '../streams/hub.ts'
import type { ReplayWindow } from '../streams/replay-window.ts'
import { type Links, openLinks } from './links.ts'
import { createQuestions, type Questions } from './questions.ts'
import { createResumptions } from './resumption.ts'
import { createSessionEndpoint, type SessionEndpoint } from './session-endpoint.ts'
import { createSessionStates } from './session-state.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createStreamLogs } from './stream-log.ts'

export interface OpenedSessions {
  readonly endpoint: SessionEndpoint
  readonly sessions: Sessions
  readonly links: Links
  readonly questions: Questions
  /** What reading a URI asks for; `undefined` where nothing can be subscribed to. */
  readonly requirementOf: (uri: string) => Requirement | undefined
  /** Waits for what runs, at most so long, and tells the others that this node is gone. */
  close(withinMs: number): Promise<void>
}

/** Sessions of legacy clients, whose state any node finds in the store; what belongs to this node is opened here. */
export function openSessions(deps: {
  readonly kv: KeyValue
  readonly sealer: Sealer
  readonly registry: Registry
  readonly hub: Hub
  readonly window: ReplayWindow
  readonly presence: Presence
  readonly windowMs: number
  readonly now: () => number
  readonly log: Logger
  readonly lifeMs: number
  readonly askMs: number
  readonly maxUris: number
}): OpenedSessions {
  const { kv, sealer, registry, hub, window, now, log } = deps
  const links = openLinks({ kv, sealer, log })
  const questions = createQuestions(links.here, deps.askMs)
  const logs = createStreamLogs(kv)
  const resumptions = createResumptions({ logs, links, hub, now })
  const requirementOf = (uri: string): Requirement | undefined => {
    const registered = registry.match(uri)?.registered
    return registered?.resource.subscribable === true ? registered.requirement : undefined
  }
  const sessions = createSessions({
    sealer,
    states: createSessionStates({ kv, now, lifeMs: deps.lifeMs, maxUris: deps.maxUris }),
    logs,
    links,
    questions,
    log,
    now,
    lifeMs: deps.lifeMs,
    position: () => window.position,
    requirementOf,
    presence: deps.presence,
    ended: (session) => resumptions.end(session),
  })
  return {
    endpoint: createSessionEndpoint({
      sessions,
      resumptions,
      logs,
      links,
      questions,
      hub,
      window,
      windowMs: deps.windowMs,
      lists: registry.changingLists,
      now,
    }),
    sessions,
    links,
    questions,
    requirementOf,
    async close(withinMs) {
      await sessions.settled(withinMs)
      await links.close()
    },
  }
}
