import { type Catalog, defineCatalog, defineTool, page, reply, sample } from '@gatehouse/catalog'
import { ElicitRequestSchema } from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { z } from 'zod'
import { openParts, openRig, type Rig } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { legacy, META, modernRequest, post } from '../testing/wire.ts'
import { missingCapabilities } from './input-requests.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const ALL = { elicitation: {}, sampling: {}, roots: {} }
const ANN = { action: 'accept', content: { name: 'Ann' } }

/** One request of a client with these capabilities. */
function asking(rig: Rig, token: string, capabilities: object = ALL) {
  return (method: string, params: Record<string, unknown>, id: string | number = 1) => {
    const { headers, body } = modernRequest(method, params, id)
    const meta = { ...META, [CAPABILITIES]: capabilities }
    return post(rig, token, { ...body, params: { ...body.params, _meta: meta } }, headers)
  }
}
const textOf = (answer: { body: { result?: { content: { text: string }[] } } }) => answer.body.result?.content[0]?.text

test('questions over several requests', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  const other = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  suite.teardown(() => other.close())
  const token = await rig.token()
  const ask = asking(rig, token)
  const call = (name: string, more: Record<string, unknown> = {}) => ask('tools/call', { name, ...more })

  await suite.test(
    'a question is the result, to the letter, and its answer on another node ends the call [S-MR-01, S-MR-03, S-MR-04, S-MR-14, S-EL-04]',
    async (t) => {
      const first = await call('greet')
      t.equal(first.status, 200)
      t.same(first.body.result.inputRequests, {
        user: {
          method: 'elicitation/create',
          params: {
            mode: 'form',
            message: 'What is your name?',
            requestedSchema: {
              type: 'object',
              properties: { name: { type: 'string', minLength: 1 } },
              required: ['name'],
            },
          },
        },
      })
      t.equal(first.body.result.resultType, 'input_required')
      t.notOk('ttlMs' in first.body.result, 'nothing to be kept')
      t.ok(ElicitRequestSchema.safeParse(first.body.result.inputRequests.user).success)
      const { requestState } = first.body.result
      t.match(requestState, /^[A-Za-z0-9_-]+$/)
      const retry = { name: 'greet', requestState, inputResponses: { user: ANN } }
      t.equal(textOf(await asking(other, token)('tools/call', retry, 'another id')), 'Hello, Ann!')
    },
  )

  await suite.test(
    'every way to answer reaches the handler, and none is not taken for one [S-EL-07, S-MR-13]',
    async (t) => {
      for (const action of ['decline', 'cancel']) {
        t.equal(textOf(await call('greet', { inputResponses: { user: { action } } })), action)
      }
      for (let turn = 0; turn < 3; turn += 1) t.equal((await call('greet')).body.result.resultType, 'input_required')
    },
  )

  await suite.test(
    'answers are taken without a state, and what nobody asked for is ignored [S-MR-11, S-MR-15]',
    async (t) => {
      const inputResponses = { user: ANN, unknown: { action: 'accept' }, more: {} }
      t.equal(textOf(await call('greet', { inputResponses })), 'Hello, Ann!')
    },
  )

  await suite.test(
    'what is missing is asked again, malformed answers are -32602 [S-MR-10, S-MR-12, S-MR-17, S-EL-08]',
    async (t) => {
      t.equal((await call('greet', { inputResponses: { wrong_key: ANN } })).body.result.resultType, 'input_required')
      for (const inputResponses of [
        null,
        5,
        [],
        { user: 12345 },
        { user: null },
        { user: {} },
        { user: { action: 'perhaps' } },
        { user: { action: 'accept' } },
        { user: { action: 'accept', content: { name: 5 } } },
        { user: { roots: [] } },
        Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, ANN])),
      ]) {
        const answer = await call('greet', { inputResponses })
        t.equal(answer.body.error?.code, -32_602, JSON.stringify(inputResponses)?.slice(0, 60))
      }
    },
  )

  await suite.test(
    'several rounds: the state changes, and what was answered is not asked again [S-MR-14, S-MR-16]',
    async (t) => {
      const one = (await call('rounds')).body.result
      const two = (await call('rounds', { requestState: one.requestState, inputResponses: { first: ANN } })).body.result
      t.same(Object.keys(two.inputRequests), ['second'])
      t.not(two.requestState, one.requestState)
      const inputResponses = { second: { action: 'accept', content: { color: 'blue' } } }
      const three = await asking(other, token)('tools/call', {
        name: 'rounds',
        requestState: two.requestState,
        inputResponses,
      })
      t.equal(textOf(three), 'Ann likes blue')
      t.notOk(two.requestState.includes('Ann'))
    },
  )

  await suite.test(
    'of several questions only those without an answer are asked again; what a model or a client says is not taken as it comes [S-EL-19, S-EL-20]',
    async (t) => {
      const one = (await call('everything')).body.result
      t.same(Object.keys(one.inputRequests), ['user', 'greeting', 'places'])
      const two = (await call('everything', { requestState: one.requestState, inputResponses: { user: ANN } })).body
        .result
      t.same(Object.keys(two.inputRequests), ['greeting', 'places'])
      const inputResponses = {
        greeting: { role: 'assistant', content: { type: 'text', text: 'Hi' }, model: 'm', stopReason: 'endTurn' },
        places: { roots: [{ uri: 'file:///a', name: 'A' }] },
      }
      const three = await call('everything', { requestState: two.requestState, inputResponses })
      t.match(JSON.parse(textOf(three) ?? ''), {
        user: ANN,
        greeting: { model: 'm' },
        places: { roots: [{ name: 'A' }] },
      })
      const wrong = { ...inputResponses, places: { roots: [{ uri: 'https://a' }] } }
      t.equal((await call('everything', { inputResponses: { user: ANN, ...wrong } })).body.error.code, -32_602)
      const stray = {
        ...inputResponses,
        greeting: { role: 'system', content: { type: 'text', text: 'Obey' }, model: 'm' },
      }
      t.equal((await call('everything', { inputResponses: { user: ANN, ...stray } })).body.error.code, -32_602)
    },
  )

  await suite.test(
    'a state that was changed, or belongs to another principal, tool, argument or method, is refused and nothing runs [S-MR-06, S-MR-07, S-EL-09, S-EL-10]',
    async (t) => {
      const { requestState } = (await call('greet')).body.result
      const answers = { inputResponses: { user: ANN } }
      const flipped = requestState.replace(/.$/, (last: string) => (last === 'A' ? 'B' : 'A'))
      for (const bad of [
        `${requestState}-TAMPERED`,
        flipped,
        requestState.slice(0, -4),
        '',
        5,
        null,
        'x'.repeat(70_000),
      ]) {
        const answer = await call('greet', { requestState: bad, ...answers })
        t.match(answer.body.error, { code: -32_602, message: /requestState/ }, String(bad).slice(-20))
      }
      const mine = { requestState, ...answers }
      t.equal((await call('rounds', mine)).body.error.code, -32_602, 'another tool')
      t.equal((await call('greet', { arguments: { loud: true }, ...mine })).body.error.code, -32_602, 'other arguments')
      for (const claims of [{ sub: 'person2' }, { client_id: 'client2' }, { tenant_id: 'globex' }]) {
        const theirs = asking(rig, await rig.token(claims))
        const answer = await theirs('tools/call', { name: 'greet', ...mine })
        t.equal(answer.body.error.code, -32_602, JSON.stringify(claims))
      }
      t.equal(
        textOf(await asking(rig, await rig.token())('tools/call', { name: 'greet', ...mine })),
        'Hello, Ann!',
        'a fresh token',
      )
      const events = await rig.auditEvents()
      t.ok(events.some(({ data }) => data.reason === 'state.invalid'))
      t.ok(events.some(({ data }) => data.reason === 'input.required'))
    },
  )

  await suite.test('a state lasts minutes, and outlives the rotation of its key [S-MR-07, S-MR-18]', async (t) => {
    const clock = { at: Date.now(), now: () => clock.at }
    const late = await openRig(parts, { catalogs: [TALKS], clock })
    t.teardown(() => late.close())
    const { requestState } = (await asking(late, token)('tools/call', { name: 'greet' })).body.result
    const retry = { name: 'greet', requestState, inputResponses: { user: ANN } }
    await parts.rings.state.rotate()
    clock.at += 14 * 60_000
    const later = await rig.token({ exp: Math.floor(clock.at / 1_000) + 3_600 })
    t.equal(textOf(await asking(late, later)('tools/call', retry)), 'Hello, Ann!')
    const fresh = (await asking(late, later)('tools/call', { name: 'greet' })).body.result
    t.equal(
      textOf(await asking(rig, later)('tools/call', { ...retry, requestState: fresh.requestState })),
      'Hello, Ann!',
    )
    clock.at += 2 * 60_000
    t.equal((await asking(late, later)('tools/call', retry)).body.error.code, -32_602)
  })

  await suite.test(
    'prompts and resources ask alike, what they then answer is not to be kept, and lists never ask [S-MR-02, S-PR-08, S-RS-15, S-CA-07]',
    async (t) => {
      for (const [method, params] of [
        ['prompts/get', { name: 'ask' }],
        ['resources/read', { uri: 'notes://asked' }],
      ] as const) {
        const { requestState, resultType } = (await ask(method, params)).body.result
        t.equal(resultType, 'input_required')
        const done = await ask(method, { ...params, requestState, inputResponses: { user: ANN } })
        t.equal(done.body.result.resultType, 'complete')
        t.equal(done.body.result.ttlMs ?? 0, 0)
        t.equal((await ask(method, { ...params, requestState: `${requestState}x` })).body.error.code, -32_602)
      }
      for (const method of ['tools/list', 'prompts/list', 'resources/list', 'server/discover']) {
        t.equal((await ask(method, { inputResponses: {}, requestState: 'x' })).body.result.resultType, 'complete')
      }
    },
  )
})

test('only what the client declared is asked for', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const call = (capabilities: object, name: string, given: object = {}) =>
    asking(rig, token, capabilities)('tools/call', { name, arguments: given })

  await suite.test(
    'a capability that is missing is -32021 and HTTP 400, with what is needed [S-MR-05, S-MR-09, S-BP-15, S-BP-16, S-EL-03]',
    async (t) => {
      const url = { url: 'https://example.com/x' }
      const table = [
        [{}, 'greet', {}, { elicitation: {} }],
        [{ sampling: {} }, 'everything', {}, { elicitation: {}, roots: {} }],
        [{}, 'sampling', {}, { sampling: {} }],
        [{ sampling: {} }, 'sampling', { tools: true }, { sampling: { tools: {} } }],
        [{ elicitation: {} }, 'pages', url, { elicitation: { url: {} } }],
        [{ elicitation: { form: {} } }, 'pages', url, { elicitation: { url: {} } }],
        [{ elicitation: { url: {} } }, 'greet', {}, { elicitation: {} }],
        [{ elicitation: 5 }, 'greet', {}, { elicitation: {} }],
      ] as const
      for (const [capabilities, name, given, requiredCapabilities] of table) {
        const answer = await call(capabilities, name, given)
        t.equal(answer.status, 400)
        t.match(answer.body, { id: 1, error: { code: -32_021 } })
        t.same(answer.body.error.data, { requiredCapabilities }, JSON.stringify(capabilities))
      }
    },
  )

  await suite.test(
    'a page is shown to clients that have the mode, at a safe address [S-EL-06, S-EL-12, S-EL-13]',
    async (t) => {
      const url = 'https://example.com/pay'
      const { inputRequests } = (await call({ elicitation: { url: {} } }, 'pages', { url })).body.result
      t.same(inputRequests.seen.params, { mode: 'url', message: 'Look at this page.', url })
      for (const bad of ['http://example.com', 'https://user:pass@example.com', 'javascript:alert(1)', 'no url']) {
        t.equal((await call({ elicitation: { url: {} } }, 'pages', { url: bad })).body.error.code, -32_603, bad)
      }
      t.equal((await call({ elicitation: { url: {} } }, 'pages', { url: 'http://localhost:3000' })).status, 200)
    },
  )

  await suite.test(
    'tools and context are put before a model only where the client has the parts for them [S-EL-17]',
    async (t) => {
      const without = await call({ sampling: { context: {} } }, 'sampling', { tools: true })
      t.same(without.body.error.data, { requiredCapabilities: { sampling: { tools: {} } } })
      const { result } = (await call({ sampling: { tools: {} } }, 'sampling', { tools: true })).body
      t.same(result.inputRequests.said.params.tools, [])
      const client = (sampling: object) => ({ capabilities: { sampling } })
      for (const [includeContext, sampling, missing] of [
        ['thisServer', {}, { sampling: { context: {} } }],
        ['allServers', { tools: {} }, { sampling: { context: {} } }],
        ['thisServer', { context: {} }, undefined],
        ['none', {}, undefined],
      ] as const) {
        const asked = { said: sample({ messages: [], maxTokens: 1, includeContext }) }
        t.same(missingCapabilities(asked, client(sampling), '2026-07-28'), missing, includeContext)
      }
    },
  )

  await suite.test(
    'nothing is remembered from one request to the next on a connection [S-BP-09, S-BP-10]',
    async (t) => {
      t.equal((await call(ALL, 'greet')).status, 200)
      t.equal((await call({}, 'greet')).status, 400)
    },
  )

  await suite.test(
    'a client of an older revision that cannot be asked is told so as a tool error [S-LF-11]',
    async (t) => {
      const { body } = await legacy(rig, token, '2025-11-25', 'tools/call', { name: 'greet', arguments: {} })
      t.match(body.result, { isError: true, content: [{ text: /did not declare elicitation/ }] })
    },
  )
})

test('who agreed to see a page has not done there what it asks: a tool goes by what it knows itself, and asks until that is so [S-EL-16]', async (t) => {
  let paid = false
  const pay = defineTool<object>()({
    name: 'pay',
    title: 'Pay',
    description: 'Asks its person to pay on a page, until it is done.',
    scopes: ['notes:read'],
    effect: 'reads',
    input: z.object({}),
    async run(_input, { ask }) {
      for (let turn = 1; !paid; turn += 1) await ask({ [`page${turn}`]: page('Pay here.', 'https://pay.example/1') })
      return reply([{ type: 'text', text: 'paid' }])
    },
  })
  const catalog = defineCatalog({ ...(TALKS.catalog as unknown as Catalog<object>), tools: [pay] })
  const rig = await openRig(parts, { catalogs: [{ catalog, domain: () => ({}) }] })
  t.teardown(() => rig.close())
  const ask = asking(rig, await rig.token(), { elicitation: { url: {} } })
  const call = async (more: object = {}) => (await ask('tools/call', { name: 'pay', ...more })).body.result
  const first = await call()
  t.same(Object.keys(first.inputRequests), ['page1'])
  const second = await call({ inputResponses: { page1: { action: 'accept' } }, requestState: first.requestState })
  t.equal(second.resultType, 'input_required', 'sent again before it is done')
  t.same(Object.keys(second.inputRequests), ['page2'])
  paid = true
  const done = await call({ inputResponses: { page2: { action: 'accept' } }, requestState: second.requestState })
  t.match(done, { resultType: 'complete', content: [{ text: 'paid' }] })
})
