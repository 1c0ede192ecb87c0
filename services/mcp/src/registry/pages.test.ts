import { t as file, test } from 'tap'
import { openParts, openRig } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { legacy, modern } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

test('lists in pages', async (suite) => {
  const open = () => openRig(parts, { catalogs: [TALKS], limits: { pageSize: 3 } })
  const rig = await open()
  const other = await open()
  suite.teardown(() => rig.close())
  suite.teardown(() => other.close())
  const token = await rig.token()
  const whole = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => whole.close())

  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name)

  await suite.test(
    'all pages together are the list, each once, whichever node gives them [S-PG-01, S-PG-02, S-PG-03, S-CA-04]',
    async (t) => {
      const all = (await modern(whole, token, 'tools/list')).body.result
      t.notOk('nextCursor' in all)
      const found: string[] = []
      const sizes: number[] = []
      const scopes = new Set<string>()
      let cursor: string | undefined
      do {
        const from = sizes.length % 2 === 0 ? rig : other
        const { result } = (await modern(from, token, 'tools/list', cursor === undefined ? {} : { cursor })).body
        found.push(...names(result.tools))
        sizes.push(result.tools.length)
        scopes.add(result.cacheScope)
        cursor = result.nextCursor
      } while (cursor !== undefined)
      t.same(found, names(all.tools))
      t.same(sizes, [3, 3, 3, 1])
      t.same([...scopes], ['private'])
      const old = (await legacy(rig, token, '2025-06-18', 'prompts/list')).body.result
      t.equal(old.prompts.length, 3)
      t.same(
        names((await legacy(rig, token, '2025-06-18', 'prompts/list', { cursor: old.nextCursor })).body.result.prompts),
        ['writers'],
      )
    },
  )

  await suite.test('a cursor is for whom and what it was given, and tells nothing [S-PG-04, S-PG-05]', async (t) => {
    const { nextCursor } = (await modern(rig, token, 'tools/list')).body.result
    t.notOk(Buffer.from(nextCursor, 'base64url').toString('latin1').includes('rounds'))
    for (const cursor of ['garbage', '', 5, null, `${nextCursor}x`, nextCursor.slice(1), 'x'.repeat(2_000)]) {
      t.equal(
        (await modern(rig, token, 'tools/list', { cursor })).body.error?.code,
        -32_602,
        String(cursor).slice(0, 20),
      )
    }
    const cursor = { cursor: nextCursor }
    t.equal((await modern(rig, token, 'prompts/list', cursor)).body.error.code, -32_602, 'another list')
    for (const claims of [{ sub: 'person2' }, { tenant_id: 'globex' }, { client_id: 'client2' }]) {
      t.equal((await modern(rig, await rig.token(claims), 'tools/list', cursor)).body.error.code, -32_602)
    }
    t.equal((await modern(rig, await rig.token(), 'tools/list', cursor)).body.result.tools.length, 3, 'a fresh token')
  })

  await suite.test('a page holds what its reader may see, and the end of the list is the end for them', async (t) => {
    const reader = await rig.token({ scope: 'notes:read' })
    const { result } = (await modern(rig, reader, 'prompts/list')).body
    t.same(names(result.prompts), ['review', 'embed', 'ask'])
    t.notOk('nextCursor' in result, 'nothing hidden is hinted at')
  })
})
