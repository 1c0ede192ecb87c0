import type { Principal } from '@gatehouse/policy'
import type { Metrics } from '@gatehouse/telemetry'
import { type Refused, refuseAtEdge, unavailable } from '../errors.ts'

/** How many streams may be open on one node: in all, for one tenant, for one principal at all its clients. */
export interface Capacity {
  readonly perNode: number
  readonly perTenant: number
  readonly perPrincipal: number
}

/** Counts open streams and says who has no room for one more. */
export interface Room {
  refuses(principal: Principal): Refused | undefined
  enter(principal: Principal): void
  leave(principal: Principal): void
  /** Until it is called nobody enters. */
  open(): void
  /** Nobody enters any more. */
  close(): void
}

type Full = 'reading' | 'closing' | 'node' | 'tenant' | 'principal'

const RETRY = { headers: { 'retry-after': '5' } }

const REFUSALS: Readonly<Record<Full, Refused>> = {
  // What it does not know of it could neither announce nor leave out.
  reading: unavailable('This node has not read the latest changes yet. Try again.'),
  closing: unavailable('This node takes no more streams: it is about to end. Try again.'),
  node: unavailable('No more streams on this node now.'),
  tenant: refuseAtEdge('streams.of-tenant', RETRY),
  principal: refuseAtEdge('streams.exceeded', RETRY),
}

export function createRoom({ perNode, perTenant, perPrincipal }: Capacity, metrics: Metrics): Room {
  const open = metrics.gauge('gatehouse_mcp_streams', 'Open streams of all kinds.')
  const capacity = metrics.gauge('gatehouse_mcp_streams_capacity', 'Streams that this node takes.')
  const refused = metrics.counter('gatehouse_mcp_streams_refused_total', 'Streams for which there was no room.', [
    'full',
  ])
  capacity.set(perNode)
  const tenants = createCounts()
  const principals = createCounts()
  let count = 0
  let opened = false
  let closed = false

  const full = (principal: Principal): Full | undefined => {
    if (closed) return 'closing'
    if (!opened) return 'reading'
    if (count >= perNode) return 'node'
    if (tenants.of(principal.tenant) >= perTenant) return 'tenant'
    return principals.of(holderOf(principal)) >= perPrincipal ? 'principal' : undefined
  }
  const change = (principal: Principal, by: 1 | -1): void => {
    count += by
    tenants.add(principal.tenant, by)
    principals.add(holderOf(principal), by)
    open.set(count)
  }
  return {
    refuses(principal) {
      const of = full(principal)
      if (of === undefined) return undefined
      refused.inc({ full: of })
      return REFUSALS[of]
    },
    enter: (principal) => change(principal, 1),
    leave: (principal) => change(principal, -1),
    open() {
      opened = true
    },
    close() {
      closed = true
    },
  }
}

function createCounts() {
  const counts = new Map<string, number>()
  return {
    of: (name: string): number => counts.get(name) ?? 0,
    add(name: string, by: number): void {
      const left = (counts.get(name) ?? 0) + by
      if (left > 0) counts.set(name, left)
      else counts.delete(name)
    },
  }
}

/** Whose streams are counted together: a person at all its clients, a key, a service. */
const holderOf = ({ tenant, kind, subject }: Principal): string => `${tenant} ${kind} ${subject}`
