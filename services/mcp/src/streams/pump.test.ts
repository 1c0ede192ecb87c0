import { test } from 'tap'
import { createPump, createSweep, TURN_MS } from './pump.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
/** Each piece of work costs so much of this clock. */
const clockOf = (cost: number) => {
  let ms = 0
  return {
    now: () => ms,
    work() {
      ms += cost
    },
  }
}
/** Pieces between two looks at the clock. */
const STEP = 16

test('much work is done in slices of time, with the rest of the loop in between, and each piece once', async (t) => {
  const clock = clockOf(TURN_MS / STEP / 2)
  const done: number[] = []
  const pump = createPump<number>((work) => {
    clock.work()
    done.push(work)
  }, clock.now)
  for (const _round of [1, 2]) for (let work = 0; work < 80; work += 1) pump.add(work)
  pump.drop(7)
  t.same(done, [], 'nothing is done inside `add`')
  const counts: number[] = []
  for (let at = 0; at < 4; at += 1) {
    await turn()
    counts.push(done.length)
  }
  t.same(counts, [2 * STEP, 4 * STEP, 79, 79])
  t.equal(new Set(done).size, 79)
})

test('work that is added by work is done in a later turn', async (t) => {
  let rounds = 0
  const pump = createPump<string>((work) => {
    rounds += 1
    if (rounds < 3) pump.add(work)
  })
  pump.add('again')
  await turn()
  t.equal(rounds, 1)
  for (let at = 0; at < 4; at += 1) await turn()
  t.equal(rounds, 3)
})

test('a sweep sees every member, in slices; asked for meanwhile it sees each once more after that', async (t) => {
  const clock = clockOf(TURN_MS / STEP)
  const members = new Set(Array.from({ length: 40 }, (_, at) => at))
  const seen: number[] = []
  const sweep = createSweep(
    members,
    (member) => {
      clock.work()
      seen.push(member)
      if (member % 2 === 1) members.delete(member)
    },
    clock.now,
  )
  sweep()
  t.equal(seen.length, STEP, 'the first slice at once')
  sweep()
  sweep()
  members.add(100)
  for (let at = 0; at < 10; at += 1) await turn()
  t.same(seen.slice(0, 41), [...Array.from({ length: 40 }, (_, at) => at), 100])
  t.equal(seen.length, 41 + 21, 'the second round has those that are left')
})
