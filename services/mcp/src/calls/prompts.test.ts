import { CompleteResultSchema, GetPromptResultSchema, ListPromptsResultSchema } from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { notesCatalog } from '../testing/notes-catalog.ts'
import { openParts, openRig } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { legacy, modern } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

test('prompts and completion over the wire', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const reader = await rig.token({ scope: 'notes:read' })
  const get = (name: unknown, given?: unknown, credential = token) =>
    modern(rig, credential, 'prompts/get', { name, ...(given === undefined ? {} : { arguments: given }) })

  await suite.test(
    'prompts are listed with their arguments, in the shape of the revision [S-PR-01, S-BP-23, S-LF-07]',
    async (t) => {
      const { result } = (await modern(rig, token, 'prompts/list')).body
      t.same(result.prompts[0], {
        name: 'review',
        title: 'Review',
        icons: [{ src: 'https://example.com/p.png' }],
        description: 'Reviews a note.',
        arguments: [
          { name: 'note', description: 'Which note.', required: true },
          { title: 'Tone', name: 'tone', required: false },
        ],
      })
      t.ok(ListPromptsResultSchema.safeParse(result).success)
      const old = (await legacy(rig, token, '2025-03-26', 'prompts/list')).body.result.prompts[0]
      t.same(Object.keys(old), ['name', 'description', 'arguments'])
      t.same(old.arguments[1], { name: 'tone', required: false })
      t.same(
        Object.keys((await legacy(rig, token, '2025-06-18', 'prompts/list')).body.result.prompts[0]).includes('icons'),
        false,
      )
    },
  )

  await suite.test('a prompt is made from its arguments, bytes as base64 [S-PR-02, S-PR-06]', async (t) => {
    const { result } = (await get('review', { note: 'n1', tone: 'kind' })).body
    t.same(result.messages, [
      { role: 'user', content: { type: 'text', text: 'Review n1, kind.' } },
      { role: 'assistant', content: { type: 'image', data: 'AP8QgA==', mimeType: 'image/png' } },
    ])
    t.equal(result.resultType, 'complete')
    t.ok(GetPromptResultSchema.safeParse(result).success)
  })

  await suite.test('what names no prompt, or does not fit its arguments, is -32602 [S-PR-03, S-PR-04]', async (t) => {
    for (const [name, given] of [
      ['nothing', {}],
      ['review', undefined],
      ['review', {}],
      ['review', { note: 'x'.repeat(21) }],
      ['review', { note: 'n1', tone: 'odd' }],
      ['review', { note: 5 }],
      ['review', []],
      ['embed', { uri: 'x'.repeat(10_001) }],
    ]) {
      t.equal((await get(name, given)).body.error?.code, -32_602, JSON.stringify(given)?.slice(0, 40))
    }
  })

  await suite.test(
    'a prompt that needs more scope is hidden, and refused when asked for [S-PR-05, S-AU-24, S-CA-06]',
    async (t) => {
      const names = async (credential: string) =>
        (await modern(rig, credential, 'prompts/list')).body.result.prompts.map((one: { name: string }) => one.name)
      t.same(await names(reader), ['review', 'embed', 'ask'])
      t.same(await names(token), ['review', 'embed', 'ask', 'writers'])
      t.equal((await get('writers', {}, reader)).status, 403)
      t.match((await get('writers', {}, 'notes_good')).body.error, { code: -32_602, message: /notes:write/ })
    },
  )

  await suite.test('a prompt embeds nothing of ours that the caller may not read [S-PR-05]', async (t) => {
    const uri = 'notes://secrets/r1/5'
    t.equal((await get('embed', { uri }, reader)).status, 403)
    t.equal((await get('embed', { uri })).status, 200)
    t.equal((await get('embed', { uri: 'test://elsewhere' }, reader)).status, 200)
  })

  const complete = (ref: unknown, argument: unknown, more: object = {}, credential = token) =>
    modern(rig, credential, 'completion/complete', { ref, argument, ...more })
  const template = { type: 'ref/resource', uri: 'notes://secrets/{room}/{id}' }

  await suite.test(
    'an argument is completed; at most a hundred values, and what there is beyond [S-CM-02, S-CM-03]',
    async (t) => {
      const one = await complete({ type: 'ref/prompt', name: 'review' }, { name: 'note', value: 'f' })
      t.same(one.body.result.completion, { values: ['first'], total: 1, hasMore: false })
      t.ok(CompleteResultSchema.safeParse(one.body.result).success)
      const context = { context: { arguments: { room: 'r7' } } }
      const many = (await complete(template, { name: 'id', value: 'x' }, context)).body.result.completion
      t.same([many.values.length, many.values[0], many.total, many.hasMore], [100, 'r7-x-0', 500, true])
      const none = await complete({ type: 'ref/prompt', name: 'review' }, { name: 'tone', value: '' })
      t.same(none.body.result.completion.values, [])
    },
  )

  await suite.test(
    'completion is refused like what it completes, and -32602 for what is none [S-CM-04, S-CM-05]',
    async (t) => {
      t.equal((await complete(template, { name: 'id', value: '' }, {}, reader)).status, 403)
      const review = { type: 'ref/prompt', name: 'review' }
      const note = { name: 'note', value: '' }
      for (const [ref, argument, more] of [
        [undefined, note],
        [{ type: 'ref/prompt', name: 'nothing' }, note],
        [{ type: 'ref/tool', name: 'review' }, note],
        [{ type: 'ref/resource', uri: 'notes://elsewhere/{id}' }, note],
        [review, undefined],
        [review, { name: 'note' }],
        [review, { name: 'nothing', value: '' }],
        [review, { name: 'note', value: 'x'.repeat(1_001) }],
        [review, note, { context: 5 }],
        [review, note, { context: { arguments: { a: 5 } } }],
      ] as const) {
        t.equal(
          (await complete(ref, argument, more)).body.error?.code,
          -32_602,
          JSON.stringify([ref, argument]).slice(0, 60),
        )
      }
    },
  )

  await suite.test(
    'what a deployment has is declared, and what it lacks is not found [S-CP-01, S-CP-02, S-CP-03, S-CM-01, S-VD-05]',
    async (t) => {
      const declared = async (of: typeof rig) => (await modern(of, token, 'server/discover')).body.result.capabilities
      t.same(await declared(rig), {
        tools: { listChanged: true },
        resources: { listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      })
      const bare = await openRig(parts)
      t.teardown(() => bare.close())
      t.same(Object.keys(await declared(bare)), ['tools', 'resources', 'logging'])
      for (const method of ['prompts/list', 'prompts/get', 'completion/complete']) {
        const answer = await modern(bare, token, method, { name: 'x' })
        t.match([answer.status, answer.body.error.code], [404, -32_601], method)
      }
      const toolsAlone = { catalog: { ...notesCatalog, resources: [], changes: [] }, domain: () => ({}) }
      const small = await openRig(parts, { catalogs: [toolsAlone] })
      t.teardown(() => small.close())
      t.same(await declared(small), { tools: {}, logging: {} })
      t.equal((await modern(small, token, 'resources/list')).status, 404)
    },
  )
})
