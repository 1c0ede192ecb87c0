import {
  CallToolResultSchema,
  DiscoverResultSchema,
  InitializeResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
  ReadResourceResultSchema,
} from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { openParts, openRig } from '../testing/rig.ts'
import { legacy, modern, modernRequest, post } from '../testing/wire.ts'
import { LEGACY, MODERN } from './revisions.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const CLIENT = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'tests', version: '1' } }
const SERVER = { 'io.modelcontextprotocol/serverInfo': { name: 'notes', title: 'Notes', version: '1.2.3' } }

test('methods over the wire', async (suite) => {
  const rig = await openRig(parts)
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const viewer = await rig.token({ scope: 'notes:read', roles: ['viewer'] })
  const ask = (revision: string, method: string, params = {}, as = token) =>
    revision === MODERN ? modern(rig, as, method, params) : legacy(rig, as, revision, method, params)

  await suite.test('server/discover, to the letter [S-VD-01] [S-VD-02] [S-VD-03] [S-CP-01] [S-CP-04]', async (t) => {
    const answer = await modern(rig, token, 'server/discover')
    t.equal(
      answer.text,
      '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],' +
        '"capabilities":{"tools":{},"resources":{"subscribe":true},"logging":{}},"instructions":"Read notes first.",' +
        '"ttlMs":300000,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":' +
        '{"name":"notes","title":"Notes","version":"1.2.3"}}}}',
    )
    t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    t.ok(DiscoverResultSchema.safeParse(answer.body.result).success)
  })

  await suite.test('guidance for models is the same for everybody, and of what is said to all [S-VD-18]', async (t) => {
    const said = async (as: string, revision: string, method: string) =>
      (await ask(revision, method, { ...CLIENT, protocolVersion: revision }, as)).body
    const [mine, theirs] = [token, await rig.token({ tenant_id: 'globex', sub: 'p2', scope: 'notes:read' })]
    for (const [revision, method] of [
      [MODERN, 'server/discover'],
      ...LEGACY.map((of) => [of, 'initialize']),
    ] as const) {
      const { instructions } = (await said(mine, revision, method)).result
      t.equal(instructions, 'Read notes first.')
      t.equal((await said(theirs, revision, method)).result.instructions, instructions)
    }
  })

  await suite.test('initialize, to the letter, in each revision [S-LC-01] [S-LF-02]', async (t) => {
    for (const revision of LEGACY) {
      const answer = await legacy(rig, token, undefined, 'initialize', { ...CLIENT, protocolVersion: revision })
      const title = revision === '2025-03-26' ? '' : '"title":"Notes",'
      t.equal(
        answer.text,
        `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"${revision}","capabilities":{"tools":{},"resources":{"subscribe":true},"logging":{}},` +
          `"serverInfo":{"name":"notes",${title}"version":"1.2.3"},"instructions":"Read notes first."}}`,
      )
      t.match(answer.headers['mcp-session-id'], /^[\x21-\x7e]{1,512}$/)
      t.ok(InitializeResultSchema.safeParse(answer.body.result).success)
    }
  })

  await suite.test(
    'an unknown version is answered with the newest legacy one, bad params with -32602 [S-LC-02] [S-LC-03]',
    async (t) => {
      for (const protocolVersion of ['1.0.0', MODERN, '2024-11-05']) {
        const answer = await legacy(rig, token, undefined, 'initialize', { ...CLIENT, protocolVersion })
        t.equal(answer.body.result.protocolVersion, '2025-11-25')
      }
      for (const params of [{}, { ...CLIENT, capabilities: 1 }, { ...CLIENT, protocolVersion: 5 }]) {
        t.equal((await legacy(rig, token, undefined, 'initialize', params)).body.error.code, -32_602)
      }
    },
  )

  await suite.test(
    'every result fits the official schema in every revision [S-TL-01] [S-RS-01] [S-RS-02] [S-RS-03] [S-TL-08]',
    async (t) => {
      for (const revision of [MODERN, ...LEGACY]) {
        const table = [
          ['tools/list', {}, ListToolsResultSchema],
          ['resources/list', {}, ListResourcesResultSchema],
          ['resources/templates/list', {}, ListResourceTemplatesResultSchema],
          ['resources/read', { uri: 'notes://notes' }, ReadResourceResultSchema],
          ['tools/call', { name: 'notes_list', arguments: {} }, CallToolResultSchema],
          ['tools/call', { name: 'notes_fail' }, CallToolResultSchema],
        ] as const
        for (const [method, params, schema] of table) {
          const answer = await ask(revision, method, params)
          t.equal(answer.status, 200, `${revision} ${method}`)
          const parsed = schema.safeParse(answer.body.result)
          t.ok(parsed.success, `${revision} ${method} ${parsed.error?.message ?? ''}`)
        }
      }
    },
  )

  await suite.test(
    'modern results say their type and server, and lists and reads how long they last [S-BP-03] [S-BP-17] [S-CA-01] [S-CA-02] [S-CA-03]',
    async (t) => {
      for (const method of [
        'server/discover',
        'tools/list',
        'resources/list',
        'resources/templates/list',
        'resources/read',
      ]) {
        const { result } = (
          await modern(rig, token, method, method === 'resources/read' ? { uri: 'notes://notes' } : {})
        ).body
        t.match(result, { resultType: 'complete', cacheScope: 'private', _meta: SERVER }, method)
        t.ok(Number.isInteger(result.ttlMs) && result.ttlMs >= 0)
      }
      const { result } = (await modern(rig, token, 'tools/call', { name: 'notes_list' })).body
      t.match(result, { resultType: 'complete', _meta: SERVER })
      t.notOk('ttlMs' in result)
    },
  )

  await suite.test('a legacy revision is sent nothing that it lacks [S-LF-02] [S-LF-07]', async (t) => {
    for (const revision of LEGACY) {
      const list = (await ask(revision, 'tools/list')).body.result
      const call = (await ask(revision, 'tools/call', { name: 'notes_list' })).body.result
      const old = revision === '2025-03-26'
      t.same(Object.keys(list), ['tools'])
      t.equal('outputSchema' in list.tools[0], !old, revision)
      t.equal('title' in list.tools[0], !old, revision)
      t.equal('structuredContent' in call, !old, revision)
      t.notOk('resultType' in call || '_meta' in call)
    }
  })

  await suite.test(
    'lists show what the credential may use, in the same order and bytes each time [S-TL-02] [S-TL-19] [S-CP-05] [S-CA-05]',
    async (t) => {
      const names = async (credential: string) =>
        (await modern(rig, credential, 'tools/list')).body.result.tools.map((tool: { name: string }) => tool.name)
      const readers = ['notes_list', 'notes_fail', 'notes_crash', 'notes_lie', 'notes_wait']
      t.same(await names(token), ['notes_list', 'notes_create', 'notes_purge', ...readers.slice(1)])
      t.same(await names(viewer), readers)
      t.same(await names(await rig.token({ roles: ['member'] })), ['notes_list', 'notes_create', ...readers.slice(1)])
      t.same(await names('notes_good'), readers)
      t.equal((await modern(rig, token, 'tools/list')).text, (await modern(rig, await rig.token(), 'tools/list')).text)
      const uris = (await modern(rig, viewer, 'resources/list')).body.result.resources.map(
        (r: { uri: string }) => r.uri,
      )
      t.same(uris, ['notes://notes'])
    },
  )

  await suite.test(
    'annotations follow from the effect, and schemas are objects of 2020-12 [S-TL-04] [S-TL-16]',
    async (t) => {
      const { tools } = (await modern(rig, token, 'tools/list')).body.result
      const byName = new Map<string, Record<string, unknown>>(tools.map((tool: { name: string }) => [tool.name, tool]))
      t.match(byName.get('notes_list'), {
        annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
      })
      t.match(byName.get('notes_create'), {
        annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
      })
      t.match(byName.get('notes_purge'), {
        annotations: { destructiveHint: true, idempotentHint: true, openWorldHint: false },
      })
      for (const tool of tools) {
        t.match(tool.inputSchema, { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' })
      }
    },
  )

  await suite.test('a cursor that was never given out is -32602 [S-PG-04]', async (t) => {
    t.equal((await modern(rig, token, 'tools/list', { cursor: 'garbage' })).body.error.code, -32_602)
  })

  await suite.test(
    'refusals before a method keep the statuses of their kind [S-HV-04] [S-BP-13] [S-HV-03]',
    async (t) => {
      const unknown = await modern(rig, token, 'unknown/method')
      t.equal(unknown.status, 404)
      t.match(unknown.body, { id: 1, error: { code: -32_601 } })
      const { headers, body } = modernRequest('tools/list')
      const bare = await post(rig, token, { ...body, params: {} }, headers)
      t.equal(bare.status, 400)
      t.match(bare.body, { id: 1, error: { code: -32_602 } })
    },
  )

  await suite.test(
    'notifications are 202 without a body; ping is {} [S-TR-11] [S-BP-08] [S-LC-04] [S-LF-01] [S-LT-06]',
    async (t) => {
      const sent = { jsonrpc: '2.0', method: 'notifications/initialized' }
      for (const version of ['2025-11-25', MODERN]) {
        const answer = await post(rig, token, sent, { 'mcp-protocol-version': version })
        t.equal(answer.status, 202)
        t.equal(answer.text, '')
      }
      t.same((await legacy(rig, token, '2025-11-25', 'ping')).body, { jsonrpc: '2.0', id: 1, result: {} })
    },
  )

  await suite.test('a batch of 2025-03-26 is answered with one response per request [S-LT-04] [S-LT-07]', async (t) => {
    const answer = await post(rig, token, [
      { jsonrpc: '2.0', id: 'a', method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/x' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'notes_list' } },
      { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'nothing' } },
    ])
    t.equal(answer.status, 200)
    t.same(
      answer.body.map((part: { id: unknown }) => part.id),
      ['a', 2, 3],
    )
    t.match(answer.body, [{ result: {} }, { result: { content: [{}] } }, { error: { code: -32_602 } }])
  })

  await suite.test(
    'a method that the revision lacks is not found in a batch, and the others are answered',
    async (t) => {
      const lacking = ['nothing', 'server/discover', 'subscriptions/listen', 'constructor', '__proto__']
      const answer = await post(rig, token, [
        { jsonrpc: '2.0', id: 'a', method: 'ping' },
        ...lacking.map((method) => ({ jsonrpc: '2.0', id: method, method, params: { notifications: {} } })),
      ])
      t.equal(answer.status, 200)
      t.same(answer.body[0], { jsonrpc: '2.0', id: 'a', result: {} })
      for (const [at, method] of lacking.entries()) {
        t.match(answer.body[at + 1], { id: method, error: { code: -32_601, message: `Method not found: ${method}` } })
      }
    },
  )

  await suite.test(
    'a resource is read with its text; another workspace has its own [S-RS-03] [S-RS-09] [S-TR-25]',
    async (t) => {
      const read = async (credential: string, uri: string) =>
        (await modern(rig, credential, 'resources/read', { uri })).body
      t.same(JSON.parse((await read(token, 'notes://notes/n2')).result.contents[0].text), { id: 'n2', text: 'grüße' })
      const foreign = await rig.token({ tenant_id: 'globex' })
      t.same((await read(foreign, 'notes://notes')).result.contents[0], {
        uri: 'notes://notes',
        mimeType: 'application/json',
        text: '[]',
      })
      t.match(await read(foreign, 'notes://notes/n2'), { error: { code: -32_602, data: { uri: 'notes://notes/n2' } } })
    },
  )

  await suite.test(
    'what is no resource is not found, by the code of the era, and never an empty list [S-RS-04] [S-RS-05] [S-RS-06] [S-LF-05] [S-RS-07]',
    async (t) => {
      for (const uri of [
        'notes://nothing',
        'notes://notes/n404',
        'javascript:alert(1)',
        'notes',
        'notes://notes/../notes',
      ]) {
        const now = await modern(rig, token, 'resources/read', { uri })
        t.equal(now.status, 200)
        t.match(now.body, { id: 1, error: { code: -32_602, data: { uri } } }, uri)
        t.equal((await legacy(rig, token, '2025-11-25', 'resources/read', { uri })).body.error.code, -32_002, uri)
      }
      t.equal((await modern(rig, token, 'resources/read', {})).body.error.code, -32_602)
    },
  )
})
