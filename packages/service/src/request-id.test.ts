import { test } from 'tap'
import { requestIdOf } from './request-id.ts'

test('each request has an id of its own, in the form of a UUID, however many come', (t) => {
  const ids = Array.from({ length: 20_000 }, () => requestIdOf({ headers: {} }))
  t.equal(new Set(ids).size, ids.length)
  t.same(
    ids.filter((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)),
    [],
  )
  t.end()
})

test('an id that a request came with is kept where it is well formed, and no other text is', (t) => {
  const of = (id: string): string => requestIdOf({ headers: { 'x-request-id': id } })
  for (const id of ['a', 'A-1._b', 'x'.repeat(64)]) t.equal(of(id), id)
  for (const id of ['', 'x'.repeat(65), 'a b', 'a\n', 'ä', '"']) t.match(of(id), /^[0-9a-f-]{36}$/, JSON.stringify(id))
  t.end()
})
