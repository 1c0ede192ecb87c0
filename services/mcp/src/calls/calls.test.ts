import { createHash } from 'node:crypto'
import { ToolCalled } from '@gatehouse/contracts'
import { eventually } from '@gatehouse/testkit'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { t as file, test } from 'tap'
import { listenOn, postAndLeave } from '../testing/listening.ts'
import { openParts, openRig } from '../testing/rig.ts'
import { legacy, modern, modernRequest, post } from '../testing/wire.ts'
import { argumentsSha256, storableName } from './event.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'

test('the hash of arguments does not depend on how they were written, and is not of their text [L20]', async (t) => {
  t.equal(argumentsSha256({ b: 1, a: [1.0, 'ä'] }), argumentsSha256(JSON.parse('{ "a": [1, "\\u00e4"], "b": 1e0 }')))
  t.equal(argumentsSha256({}), createHash('sha256').update('{}').digest('hex'))
  const endless = JSON.parse('{ "b": { "n": 1e400 }, "a": 1 }')
  t.equal(argumentsSha256(endless), createHash('sha256').update('{"a":1,"b":{"n":null}}').digest('hex'))
})

test('arguments that came in order and those that did not have the hash of their canonical form (RFC 8785)', (t) => {
  const upTo = fc.jsonValue({ maxDepth: 3 })
  const few = fc.dictionary(fc.constantFrom('a', 'b', 'A', '1', '10', '2', 'é', '😀', '\ufb33', '__proto__'), upTo)
  fc.assert(
    fc.property(fc.oneof(upTo, few), (value) => {
      const expected = createHash('sha256').update(canonicalize(value) as string)
      t.equal(argumentsSha256(JSON.parse(JSON.stringify(value))), expected.digest('hex'))
    }),
  )
  t.end()
})

test('the audit log keeps no half characters and no control characters of a name [S-SB-16]', async (t) => {
  t.equal(storableName('entry.create'), 'entry.create')
  t.equal(storableName('a\0b\ud800'), 'a\ufffdb\ufffd')
  t.equal(storableName('a\r\n{"level":30}\x1b[2J'), 'a\ufffd\ufffd{"level":30}\ufffd[2J', 'no line of its own')
  t.equal(storableName(`${'a'.repeat(127)}😀`), `${'a'.repeat(127)}\ufffd`, 'cut through a pair')
})

test('tool calls over the wire', async (suite) => {
  const rig = await openRig(parts)
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const reader = await rig.token({ scope: 'notes:read' })
  const viewer = await rig.token({ roles: ['viewer'] })
  const call = (credential: string, name: string, given?: unknown) =>
    modern(rig, credential, 'tools/call', { name, ...(given === undefined ? {} : { arguments: given }) })
  const lastEvent = async () => (await rig.auditEvents()).at(-1)

  await suite.test('a value comes as structured content and as text [S-TL-06] [S-TL-07] [S-TL-11]', async (t) => {
    const { result } = (await call(token, 'notes_list')).body
    t.same(result.structuredContent, JSON.parse(result.content[0].text))
    t.equal(result.structuredContent.notes.length, 2)
    t.notOk(result.isError)
  })

  await suite.test(
    'a missing scope is HTTP 403 with the whole set, the id, and nothing run [S-AU-24] [S-AU-25] [S-AU-29] [S-TL-19] [CF-8]',
    async (t) => {
      rig.ran.length = 0
      const answer = await call(reader, 'notes_create', { text: 'x' })
      t.equal(answer.status, 403)
      t.equal(
        answer.headers['www-authenticate'],
        'Bearer error="insufficient_scope", error_description="Missing required scope: notes:write", ' +
          `scope="notes:read notes:write", resource_metadata="${METADATA}"`,
      )
      t.match(answer.body, {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: 403,
          data: { error: 'insufficient_scope', scope: 'notes:read notes:write', resource_metadata: METADATA },
        },
      })
      t.same(rig.ran, [])
      t.match(await lastEvent(), {
        tenantid: 'acme',
        data: { tool: 'notes_create', outcome: 'refused', reason: 'scope.missing' },
      })
    },
  )

  await suite.test(
    'that more was asked for than is allowed is in the log, under the id of its request [S-AU-31]',
    async (t) => {
      const answer = await call(reader, 'notes_create', { text: 'x' })
      const requestId = answer.headers['x-request-id']
      t.match(requestId, /./)
      t.match(await lastEvent(), { data: { reason: 'scope.missing', actor: { id: 'person1' }, requestId } })
    },
  )

  await suite.test('older revisions are told of a missing scope in the same words [S-LA-07]', async (t) => {
    const params = { name: 'notes_create', arguments: { text: 'x' } }
    const [newest, ...older] = await Promise.all([
      modern(rig, reader, 'tools/call', params),
      ...['2025-11-25', '2025-06-18', '2025-03-26'].map((revision) =>
        legacy(rig, reader, revision, 'tools/call', params),
      ),
    ])
    for (const answer of older) {
      t.equal(answer.status, 403)
      t.equal(answer.headers['www-authenticate'], newest.headers['www-authenticate'])
    }
  })

  await suite.test('a token with fewer scopes than others is good for what it has [S-AU-30]', async (t) => {
    t.equal((await call(reader, 'notes_list')).status, 200)
    t.equal((await modern(rig, reader, 'resources/read', { uri: 'notes://notes' })).status, 200)
    const { tools } = (await modern(rig, reader, 'tools/list')).body.result
    t.ok(tools.some(({ name }: { name: string }) => name === 'notes_list'))
  })

  await suite.test('a broad scope implies the narrow one [S-AU-26]', async (t) => {
    t.equal((await call(await rig.token({ scope: 'notes:write' }), 'notes_list')).status, 200)
  })

  await suite.test('an API key cannot step up: it is told the scope as a tool error [U6]', async (t) => {
    const answer = await call('notes_good', 'notes_create', { text: 'x' })
    t.equal(answer.status, 200)
    t.match(answer.body.result, { isError: true, content: [{ text: 'Missing required scope: notes:write' }] })
    t.equal(answer.headers['www-authenticate'], undefined)
    const read = await modern(rig, 'notes_good', 'resources/read', { uri: 'notes://drafts' })
    t.match(read.body, { error: { code: -32_602, message: /notes:write/ } })
    t.equal((await modern(rig, reader, 'resources/read', { uri: 'notes://drafts' })).status, 403)
  })

  await suite.test('a missing permission is a tool error that names it and who has it [S-TL-12]', async (t) => {
    const answer = await call(viewer, 'notes_purge', {})
    t.match(answer.body.result, { isError: true, content: [{ text: /notes:purge.*role owner/ }] })
    t.match(await lastEvent(), { data: { outcome: 'refused', reason: 'permission.missing' } })
  })

  await suite.test('an unknown tool is -32602, and recorded [S-TL-09]', async (t) => {
    const answer = await call(token, 'nothing_here')
    t.match(answer.body, { id: 1, error: { code: -32_602, message: 'Unknown tool: nothing_here' } })
    t.match(await lastEvent(), { data: { tool: 'nothing_here', outcome: 'refused', reason: 'tool.unknown' } })
    t.equal((await modern(rig, token, 'tools/call', {})).body.error.code, -32_602)
  })

  await suite.test('a call with a number that no double can hold is answered and recorded', async (t) => {
    const { headers } = modernRequest('tools/call', { name: 'nothing_endless' })
    const { body } = modernRequest('tools/call', { name: 'nothing_endless', arguments: { n: 0 } })
    const sent = JSON.stringify(body).replace('"n":0', '"n":1e400')
    t.match((await post(rig, token, sent, headers)).body, { id: 1, error: { code: -32_602 } })
    t.match(await lastEvent(), { data: { tool: 'nothing_endless', outcome: 'refused', reason: 'tool.unknown' } })
  })

  await suite.test(
    'arguments that do not fit are told by name, as the revision has it [S-TL-10] [S-TL-12] [S-LF-06]',
    async (t) => {
      const given = { text: '' }
      const now = (await call(token, 'notes_create', given)).body.result
      t.match(now, { isError: true, content: [{ text: /notes_create do not fit:\n- text: / }] })
      const wire = async (version: string) =>
        (await legacy(rig, token, version, 'tools/call', { name: 'notes_create', arguments: given })).body
      t.match(await wire('2025-11-25'), { result: { isError: true } })
      for (const version of ['2025-06-18', '2025-03-26'])
        t.match(await wire(version), { error: { code: -32_602 } }, version)
      const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`unknown${n}`, n]))
      t.ok((await call(token, 'notes_create', unknown)).text.length < 2_000, 'not all of the names again')
      for (const odd of [[], 'x', 5, null]) {
        const answer = await call(token, 'notes_create', odd)
        t.ok(answer.body.result?.isError, JSON.stringify(odd))
      }
    },
  )

  await suite.test('a failure that the tool explains reaches the model', async (t) => {
    t.match((await call(token, 'notes_fail')).body.result, { isError: true, content: [{ text: /note is locked/ }] })
    t.match(await lastEvent(), { data: { outcome: 'failed', reason: 'note.locked' } })
  })

  await suite.test(
    'what nobody foresaw is -32603 with an id and no internals, as is a value that breaks its schema',
    async (t) => {
      for (const [name, reason] of [
        ['notes_crash', 'internal'],
        ['notes_lie', 'output.invalid'],
      ] as const) {
        const answer = await call(token, name)
        t.match(answer.body, { id: 1, error: { code: -32_603, data: { requestId: answer.headers['x-request-id'] } } })
        t.notMatch(answer.text, /hunter2|10\.0\.0\.7|many/)
        t.match(await lastEvent(), { data: { outcome: 'failed', reason } })
      }
    },
  )

  await suite.test(
    'the event of a call says who, what and how it ended, and no argument [L20] [S-TL-20] [S-HS-08] [S-AU-20]',
    async (t) => {
      const answer = await call(token, 'notes_create', { text: 'a secret text' })
      const event = await lastEvent()
      const data = ToolCalled.schema.parse(event?.data)
      t.match(data, {
        tool: 'notes_create',
        outcome: 'succeeded',
        argumentsSha256: createHash('sha256').update('{"text":"a secret text"}').digest('hex'),
        actor: { kind: 'person', id: 'person1', client: 'client1', grant: 'grant1' },
        protocolVersion: '2026-07-28',
        requestId: answer.headers['x-request-id'],
        node: rig.node,
      })
      t.notMatch(JSON.stringify(event), /secret text/)
    },
  )

  await suite.test('a trace context of the client travels on, a broken one is ignored [S-BP-21]', async (t) => {
    const traced = async (traceparent: string) => {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      }
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'notes_list' }
      const params = { name: 'notes_list', _meta: { ...meta, traceparent } }
      t.equal((await post(rig, token, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers)).status, 200)
      return (await lastEvent()) as { traceparent?: string } | undefined
    }
    const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    t.equal((await traced(good))?.traceparent, good)
    t.equal((await traced('00-zz'))?.traceparent, undefined)
  })

  await suite.test('one request of a batch that lacks a scope refuses the whole batch [S-AU-29]', async (t) => {
    rig.ran.length = 0
    const answer = await post(rig, reader, [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'notes_list' } },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'notes_create', arguments: { text: 'x' } } },
    ])
    t.equal(answer.status, 403)
    t.match(String(answer.headers['www-authenticate']), /scope="notes:read notes:write"/)
    t.notOk('id' in answer.body)
    t.same(rig.ran, [])
    t.match(await lastEvent(), { data: { tool: 'notes_create', outcome: 'refused', reason: 'scope.missing' } })
  })
})

test('a call that outlives its deadline is ended and recorded as timed out', async (t) => {
  const rig = await openRig(parts, { limits: { callMs: 100 } })
  t.teardown(() => rig.close())
  const answer = await modern(rig, await rig.token(), 'tools/call', { name: 'notes_wait' })
  t.match(answer.body.result, { isError: true, content: [{ text: /did not finish within 0\.1 s/ }] })
  t.match((await rig.auditEvents()).at(-1), { data: { outcome: 'timed-out', reason: 'deadline' } })
  await rig.gate.aborted
  rig.gate.open()
})

test('a client that goes away aborts its call in the stateless revision, and only there; what it did is recorded [S-TR-19] [S-TR-20] [S-LT-12]', async (t) => {
  for (const stateless of [true, false]) {
    const rig = await openRig(parts)
    t.teardown(() => rig.close())
    const port = await listenOn(rig)
    const { headers, body } = modernRequest('tools/call', { name: 'notes_wait' })
    const params = stateless ? body.params : { name: 'notes_wait' }
    const leave = postAndLeave(port, await rig.token(), stateless ? headers : {}, { ...body, params })
    let told = false
    void rig.gate.aborted.then(() => {
      told = true
    })
    await rig.gate.entered
    leave()
    if (stateless) await rig.gate.aborted
    rig.gate.open()
    const event = await eventually(1_000, 'the call to be recorded', async () => (await rig.auditEvents()).at(-1))
    t.match(event.data, { tool: 'notes_wait', outcome: 'succeeded', reason: undefined })
    t.equal(told, stateless)
  }
})

test('while the audit log cannot be reached', async (suite) => {
  await suite.test(
    'nothing runs, and the answer says so; afterwards all goes on and the refusal is recorded',
    async (t) => {
      const rig = await openRig(parts)
      t.teardown(() => rig.close())
      const token = await rig.token()
      rig.cutBus(true)
      for (const name of ['notes_create', 'notes_list']) {
        const answer = await modern(rig, token, 'tools/call', { name, arguments: { text: 'x' } })
        t.equal(answer.status, 503, name)
        t.match(answer.headers['retry-after'], /^\d+$/)
        t.match(answer.body, {
          id: 1,
          error: { code: -32_603, message: 'The audit log cannot be reached, nothing was done.' },
        })
      }
      t.same(rig.ran, [])
      t.equal((await modern(rig, token, 'tools/list')).status, 200, 'what needs no record goes on')
      rig.cutBus(false)
      t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
      t.match(
        (await rig.auditEvents()).map(({ data }) => [data.tool, data.outcome, data.reason]),
        [
          ['notes_create', 'refused', 'audit.unavailable'],
          ['notes_list', 'refused', 'audit.unavailable'],
          ['notes_list', 'succeeded'],
        ],
      )
    },
  )

  await suite.test('reads run where the operator allows it, writes never do', async (t) => {
    const rig = await openRig(parts, { auditReads: 'when-possible' })
    t.teardown(() => rig.close())
    const token = await rig.token()
    rig.cutBus(true)
    t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
    t.equal((await modern(rig, token, 'tools/call', { name: 'notes_create', arguments: { text: 'x' } })).status, 503)
    t.same(rig.ran, ['notes_list'])
    rig.cutBus(false)
  })

  await suite.test(
    'a call that was carried out but not recorded says exactly that, and is recorded later',
    async (t) => {
      const rig = await openRig(parts, { limits: { callMs: 300 } })
      t.teardown(() => rig.close())
      const token = await rig.token()
      const answering = modern(rig, token, 'tools/call', { name: 'notes_wait' })
      await rig.gate.entered
      rig.cutBus(true)
      rig.gate.open()
      const answer = await answering
      t.match(answer.body, { error: { code: -32_603, data: { executed: true, recorded: false } } })
      t.equal(answer.headers['retry-after'], undefined)
      rig.cutBus(false)
      t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
      t.match(
        (await rig.auditEvents()).map(({ data }) => [data.tool, data.outcome]),
        [
          ['notes_wait', 'succeeded'],
          ['notes_list', 'succeeded'],
        ],
      )
    },
  )
})
