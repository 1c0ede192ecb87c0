import { test } from 'tap'
import { shortfalls } from './floors.ts'
import type { Row } from './rounds.ts'

const row = (entry: string, ratio: number, processorRatio?: number, server = 'Gatehouse'): Row => ({
  entry,
  server,
  ratio,
  processorRatio,
  processorMicros: undefined,
  perSecond: [],
  median: 1,
  spread: 0,
})

test('a ratio under its floor is named, by processor time where it is told; peers and unknown entries are not judged', async (t) => {
  t.same(shortfalls([row('tools/call, 1 tool', 0.1, 0.5)], []), [])
  t.match(shortfalls([row('tools/call, 1 tool', 0.9, 0.1)], []), [/^tools\/call, 1 tool: 0\.10 of the bare handler/])
  t.equal(shortfalls([row('tools/call, 1 tool', 0.1)], []).length, 1)
  t.same(shortfalls([row('tools/call, 1 tool', 0.01, 0.01, 'SDK v1, stateless'), row('else', 0.01)], []), [])
})

test('a figure far over its goal is named, one without a goal never', async (t) => {
  const figure = { name: 'memory', unit: 'KiB', value: 81 }
  t.match(shortfalls([], [{ ...figure, goal: 20 }]), [/^memory: 81\.00 KiB, at most 80/])
  t.same(shortfalls([], [{ ...figure, value: 79, goal: 20 }, figure]), [])
})

test('a figure that has to be reached is named when it falls far short', async (t) => {
  const figure = { name: 'times the SDK', unit: '×', atLeast: 20 }
  t.match(shortfalls([], [{ ...figure, value: 4.9 }]), [/^times the SDK: 4\.90 ×, at least 5/])
  t.same(shortfalls([], [{ ...figure, value: 5.1 }]), [])
})
