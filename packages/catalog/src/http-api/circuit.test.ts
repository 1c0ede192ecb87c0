import { test } from 'tap'
import { createCircuit, type Health } from './circuit.ts'

function open() {
  let now = 0
  const circuit = createCircuit({ clock: { now: () => now }, failures: 3, restMs: 1_000 })
  const end = (health: Health) => circuit.enter()?.(health)
  return {
    circuit,
    end,
    fail: () => {
      for (let n = 0; n < 3; n += 1) end('ill')
    },
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('failures in a row open it, others do not', async (t) => {
  const { circuit, end, fail } = open()
  for (const health of ['ill', 'ill', 'well', 'ill', 'ill', 'unsaid'] as const) end(health)
  t.ok(circuit.enter())
  fail()
  t.equal(circuit.enter(), undefined)
})

test('after its rest one request tries at a time; one that ends well closes it, one that does not opens it again', async (t) => {
  const { circuit, fail, pass } = open()
  fail()
  pass(999)
  t.equal(circuit.enter(), undefined)
  pass(1)
  const trial = circuit.enter()
  t.ok(trial)
  t.equal(circuit.enter(), undefined, 'no second one beside it')
  trial?.('ill')
  t.equal(circuit.enter(), undefined)
  pass(1_000)
  circuit.enter()?.('unsaid')
  const again = circuit.enter()
  t.ok(again, 'one that learned nothing leaves the place to another')
  again?.('well')
  t.ok(circuit.enter() && circuit.enter())
})

test('an end that is told twice counts once', async (t) => {
  const { circuit } = open()
  const told = circuit.enter()
  for (let n = 0; n < 5; n += 1) told?.('ill')
  t.ok(circuit.enter())
})
