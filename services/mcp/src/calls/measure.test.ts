import { createMetrics } from '@gatehouse/telemetry'
import { test } from 'tap'
import { measureCalls } from './measure.ts'

test('calls are counted and timed in seconds, by tool and outcome', async (t) => {
  const metrics = createMetrics({ process: false })
  const measure = measureCalls(metrics)
  measure('entry.create', 'succeeded', 20)
  measure('entry.create', 'succeeded', 2_000)
  measure('entry.create', 'failed', 0)
  // A clock that was set back.
  measure('search.global', 'timed-out', -5)
  const { body } = await metrics.expose()
  const shown = (line: string) => t.ok(body.includes(`${line}\n`), line)
  const of = 'tool="entry.create",outcome="succeeded"'
  shown(`gatehouse_mcp_tool_calls_total{${of}} 2`)
  shown(`gatehouse_mcp_tool_call_seconds_bucket{le="0.01",${of}} 0`)
  shown(`gatehouse_mcp_tool_call_seconds_bucket{le="0.025",${of}} 1`)
  shown(`gatehouse_mcp_tool_call_seconds_bucket{le="+Inf",${of}} 2`)
  shown(`gatehouse_mcp_tool_call_seconds_sum{${of}} 2.02`)
  shown('gatehouse_mcp_tool_calls_total{tool="entry.create",outcome="failed"} 1')
  shown('gatehouse_mcp_tool_call_seconds_sum{tool="search.global",outcome="timed-out"} 0')
  t.ok(body.split('\n').filter((line) => line.includes(`_bucket{`) && line.includes(of)).length <= 10, 'few series')
})
