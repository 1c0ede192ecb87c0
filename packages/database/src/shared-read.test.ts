import { InsideTransactionError, insideTransaction } from '@gatehouse/contracts'
import { test } from 'tap'
import { sharedRead } from './shared-read.ts'

/** A database that answers when the test lets it: what it was asked for, in order, and how each was answered. */
function slow() {
  const asked: { readonly keys: readonly string[]; answer(): void; fail(error: Error): void }[] = []
  let heard = () => {}
  const read = (keys: readonly string[]) =>
    new Promise<ReadonlyMap<string, string>>((resolve, reject) => {
      asked.push({
        keys,
        answer: () => resolve(new Map(keys.filter((key) => key !== 'none').map((key) => [key, `of ${key}`]))),
        fail: reject,
      })
      heard()
    })
  const until = async (count: number) => {
    while (asked.length < count)
      await new Promise<void>((resolve) => {
        heard = resolve
      })
  }
  return { asked, until, get: sharedRead(read) }
}

test('who asks in one turn of the loop shares a statement, and so does who asks while one is on its way', async (t) => {
  const { asked, until, get } = slow()
  const first = [get('a'), get('b'), get('a'), get('none')]
  await until(1)
  t.same(asked[0]?.keys, ['a', 'b', 'none'])
  const later = [get('a'), get('c')]
  asked[0]?.answer()
  t.same(await Promise.all(first), ['of a', 'of b', 'of a', undefined])
  await until(2)
  t.same(asked[1]?.keys, ['a', 'c'], 'what was asked before is asked again: it may have changed since')
  asked[1]?.answer()
  t.same(await Promise.all(later), ['of a', 'of c'])
  const last = get('a')
  await until(3)
  asked[2]?.answer()
  t.equal(await last, 'of a')
})

test('a statement that hangs holds up nobody but those who share it, and one that fails fails them alone', async (t) => {
  const { asked, until, get } = slow()
  const hanging = get('hangs')
  await until(1)
  const next = get('next')
  await until(2)
  t.same(asked[1]?.keys, ['next'], 'sent although the first has not been answered')
  const last = get('last')
  asked[1]?.fail(new Error('away'))
  await t.rejects(next, { message: 'away' })
  await until(3)
  asked[2]?.answer()
  t.equal(await last, 'of last')
  asked[0]?.answer()
  t.equal(await hanging, 'of hangs')
})

test('a statement is not asked for more than 200 at a time', async (t) => {
  const { asked, until, get } = slow()
  const all = Promise.all(Array.from({ length: 450 }, (_, n) => get(`${n}`)))
  await until(3)
  t.same(
    asked.map(({ keys }) => keys.length),
    [200, 200, 50],
  )
  for (const { answer } of asked) answer()
  t.equal((await all).length, 450)
})

test('inside a transaction nothing is read beside it', async (t) => {
  const { get } = slow()
  await t.rejects(
    insideTransaction('one', () => get('a')),
    InsideTransactionError,
  )
})
