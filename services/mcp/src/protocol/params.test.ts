import { t as file, test } from 'tap'
import { openParts, openRig } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { legacy, modernRequest, post } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

test('arguments that headers repeat', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const call = async (given: object, more: Record<string, string>) => {
    const { headers, body } = modernRequest('tools/call', { name: 'region', arguments: given }, 'r-1')
    return post(rig, token, body, { ...headers, ...more })
  }
  const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`

  const table: readonly (readonly [what: string, given: object, headers: Record<string, string>, ok: boolean])[] = [
    ['none of them', {}, {}, true],
    ['the same', { zone: 'eu' }, { 'mcp-param-zone': 'eu' }, true],
    ['the name in other case', { zone: 'eu' }, { 'MCP-PARAM-ZONE': 'eu' }, true],
    ['white space around', { zone: 'eu' }, { 'mcp-param-zone': '  eu\t' }, true],
    ['another value', { zone: 'eu' }, { 'mcp-param-zone': 'us' }, false],
    ['the value in other case', { zone: 'eu' }, { 'mcp-param-zone': 'EU' }, false],
    ['no header', { zone: 'eu' }, {}, false],
    ['a header alone', {}, { 'mcp-param-zone': 'eu' }, false],
    ['a header for null', { zone: null }, { 'mcp-param-zone': 'null' }, false],
    ['base64', { zone: 'Hello' }, { 'mcp-param-zone': '=?base64?SGVsbG8=?=' }, true],
    ['base64 of more than ASCII', { zone: 'grüße' }, { 'mcp-param-zone': base64('grüße') }, true],
    ['broken padding', { zone: 'Hello' }, { 'mcp-param-zone': '=?base64?SGVsbG8?=' }, false],
    ['broken alphabet', { zone: 'Hello' }, { 'mcp-param-zone': '=?base64?SGVs!!!bG8=?=' }, false],
    ['no UTF-8', { zone: '\ufffd' }, { 'mcp-param-zone': '=?base64?/w==?=' }, false],
    ['without the marker it is literal', { zone: 'SGVsbG8=' }, { 'mcp-param-zone': 'SGVsbG8=' }, true],
    ['half the marker is literal', { zone: '=?base64?SGVsbG8=' }, { 'mcp-param-zone': '=?base64?SGVsbG8=' }, true],
    ['a value that looks marked', { zone: '=?base64?x?=' }, { 'mcp-param-zone': base64('=?base64?x?=') }, true],
    ['an integer', { place: { row: 42 } }, { 'mcp-param-row': '42' }, true],
    ['the same number', { place: { row: 42 } }, { 'mcp-param-row': '42.0' }, true],
    ['another number', { place: { row: 42 } }, { 'mcp-param-row': '43' }, false],
    ['no number', { place: { row: 42 } }, { 'mcp-param-row': ' 0x2a ' }, false],
    ['a nested one without header', { place: { row: 42 } }, {}, false],
    ['true', { dry: true }, { 'mcp-param-dry': 'true' }, true],
    ['not true', { dry: true }, { 'mcp-param-dry': '1' }, false],
    ['a header of no tool', {}, { 'mcp-param-other': 'x' }, true],
  ]

  await suite.test('they say the same, or nothing runs [S-HV-10, S-HV-11, S-HV-12, S-HV-18, S-HV-21]', async (t) => {
    for (const [what, given, headers, ok] of table) {
      const answer = await call(given, headers)
      // A null is no value of these arguments: once past the headers, it is the schema that says so.
      if (ok) t.match(answer, { status: 200, body: { result: { content: [{ text: 'routed' }] } } }, what)
      else t.match(answer, { status: 400, body: { id: 'r-1', error: { code: -32_020 } } }, what)
    }
  })

  await suite.test(
    'null and absent arguments have no header, other headers mean nothing [S-HV-13, S-HV-14, S-HV-19, S-HV-20, S-HV-22]',
    async (t) => {
      t.equal((await call({ region: null }, {})).status, 200)
      t.match((await call({ zone: null }, {})).body, { result: { isError: true } }, 'past the headers')
      t.equal((await call({ zone: 'eu' }, { 'mcp-param-zone': 'eu', 'mcp-param-else': 'x' })).status, 200)
    },
  )

  await suite.test('older revisions have no such headers', async (t) => {
    const answer = await legacy(rig, token, '2025-11-25', 'tools/call', { name: 'region', arguments: { zone: 'eu' } })
    t.match(answer.body.result, { content: [{ text: 'routed' }] })
  })

  await suite.test('a browser may send them [S-TR-27]', async (t) => {
    const answer = await rig.server.inject({
      method: 'OPTIONS',
      url: '/mcp',
      headers: { host: 'mcp.example', origin: 'https://mcp.example', 'access-control-request-method': 'POST' },
    })
    t.match(String(answer.headers['access-control-allow-headers']), /mcp-param-row, mcp-param-dry, mcp-param-zone/)
  })
})
