import { test } from 'tap'
import { createPump } from './pump.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('much work is done in chunks, with the rest of the loop in between, and each piece once', async (t) => {
  const done: number[] = []
  const pump = createPump<number>(100, (work) => done.push(work))
  for (const _round of [1, 2]) for (let work = 0; work < 250; work += 1) pump.add(work)
  pump.drop(7)
  t.same(done, [], 'nothing is done inside `add`')
  const counts: number[] = []
  for (let at = 0; at < 4; at += 1) {
    await turn()
    counts.push(done.length)
  }
  t.same(counts, [100, 200, 249, 249])
  t.equal(new Set(done).size, 249)
})

test('work that is added by work is done in a later turn', async (t) => {
  let rounds = 0
  const pump = createPump<string>(10, (work) => {
    rounds += 1
    if (rounds < 3) pump.add(work)
  })
  pump.add('again')
  for (let at = 0; at < 5; at += 1) await turn()
  t.equal(rounds, 3)
})
