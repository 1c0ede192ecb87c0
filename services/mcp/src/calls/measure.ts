import type { Count, Metrics, Observe } from '@gatehouse/telemetry'
import { type Called, toolCallsOf } from './event.ts'

/** What a person feels (0.1 s), what a model waits for (2.5 s), what is near the deadline. Few: each is a series for each tool and outcome. */
const SECONDS = [0.01, 0.025, 0.1, 0.25, 1, 2.5, 10]

/** Told of each call that has ended, and of the milliseconds since its request was read. */
export type Measure = (tool: string, outcome: Called['outcome'], ms: number) => void

/** Counts and times the calls that are answered at once; a task lasts as long as people take to answer, and is only counted. */
export function measureCalls(metrics: Metrics): Measure {
  const calls = toolCallsOf(metrics)
  const seconds = metrics.timing(
    'gatehouse_mcp_tool_call_seconds',
    'Time from a tool call to its outcome, by outcome.',
    ['tool', 'outcome'],
    SECONDS,
  )
  // Children are looked up once, and found by the name and the outcome as they are: of a text put together from both the hash is new each time.
  const children = new Map<string, Map<Called['outcome'], { readonly count: Count; readonly time: Observe }>>()
  return (tool, outcome, ms) => {
    let ofTool = children.get(tool)
    if (ofTool === undefined) {
      ofTool = new Map()
      children.set(tool, ofTool)
    }
    let child = ofTool.get(outcome)
    if (child === undefined) {
      const labels = { tool, outcome }
      child = { count: calls.of(labels), time: seconds.of(labels) }
      ofTool.set(outcome, child)
    }
    child.count()
    child.time(Math.max(0, ms) / 1_000)
  }
}
