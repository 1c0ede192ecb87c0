import { loadOf } from '../bench/entries.ts'
import type { Answer, LeanRequest, Silence } from './lean-caller.ts'
import { leanRequest } from './lean-caller.ts'

/** What a proof calls: a tool that reads, one that writes, and that one with arguments that it refuses. */
export type CallKind = 'read' | 'write' | 'refused'

/** Again and again in this order. */
const TURNS: readonly CallKind[] = [
  ...(['read', 'read', 'write', 'read', 'refused'] as const),
  ...(['read', 'read', 'write', 'read', 'read'] as const),
]

export const kindOf = (call: number): CallKind => TURNS[call % TURNS.length] ?? 'read'

export const TOOLS = ['counters_ping', 'counters_add']

/** The counter that this call adds one to, and no other. */
export const counterOf = (call: number): string => `proof-${call}`
export const callOf = (counter: string): number => Number(counter.slice('proof-'.length))

/** How each call is made. @param url origin that clients use */
export function requestsOf(url: string, apiKey: string): (call: number) => LeanRequest {
  const { host } = new URL(url)
  const request = (name: string, given: object): LeanRequest => {
    const entry = { name: '', method: 'tools/call', mcpName: name, params: { name, arguments: given } }
    const { headers, body = '' } = loadOf(entry, url, apiKey)
    return leanRequest(host, '/mcp', headers, body)
  }
  const read = request('counters_ping', {})
  const refused = request('counters_add', { id: 7 })
  return (call) => {
    const kind = kindOf(call)
    if (kind === 'read') return read
    return kind === 'refused' ? refused : request('counters_add', { id: counterOf(call) })
  }
}

/** What came back, in a word. Of `result` and `tool-error` the call was judged and has to be in the log. */
export function wordFor(heard: Answer | Silence): string {
  if (typeof heard === 'string') return heard
  const { status, body } = heard
  if (status !== 200) return `status-${status}`
  if (body.includes('"isError":true')) return 'tool-error'
  if (body.includes('"result"')) return 'result'
  return `error${/"code":(-?\d+)/.exec(body)?.[1] ?? ''}`
}

/** What is right for a call of that kind. */
export const RIGHT: Readonly<Record<CallKind, { readonly word: string; readonly outcome: string }>> = {
  read: { word: 'result', outcome: 'succeeded' },
  write: { word: 'result', outcome: 'succeeded' },
  refused: { word: 'tool-error', outcome: 'refused' },
}
