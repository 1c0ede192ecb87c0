import { test } from 'tap'
import { accepts, isJson } from './accept.ts'
import { readAuthorization, repeatedHeaders } from './authorization.ts'
import { challenge } from './challenge.ts'
import { doorsOf, judgeDoors } from './origin.ts'

test('an Authorization header is one bearer token, or malformed, or none [S-AU-27]', async (t) => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'none'],
    ['Bearer abc', 'bearer'],
    ['bearer   abc==', 'bearer'],
    ['Basic dTpw', 'none'],
    ['Bearer', 'malformed'],
    ['Bearer ', 'malformed'],
    ['Bearer a b', 'malformed'],
    ['Bearer a, Bearer b', 'malformed'],
    ['Bearer a"b', 'malformed'],
    ['', 'malformed'],
    ['@ x', 'malformed'],
  ]
  for (const [header, kind] of cases) t.equal(readAuthorization(header, false).kind, kind, String(header))
  t.equal(readAuthorization('Bearer a', true).kind, 'malformed')
  const twice = ['Host', 'a', 'Authorization', 'Bearer a', 'X', 'y', 'authorization', 'Bearer b']
  t.same(repeatedHeaders(twice), { host: false, authorization: true })
  t.same(repeatedHeaders(['host', 'a', 'HOST', 'a']), { host: true, authorization: false })
})

test('Host and Origin are the public ones, or named by the operator [S-TR-02] [S-TR-03] [S-TR-04]', async (t) => {
  const doors = doorsOf('https://mcp.example', ['node-7:4002'], ['https://inspector.example'])
  const cases: readonly (readonly [string | undefined, string | undefined, string | undefined])[] = [
    ['mcp.example', undefined, undefined],
    ['MCP.example', undefined, undefined],
    ['node-7:4002', undefined, undefined],
    ['mcp.example', 'https://mcp.example', undefined],
    ['mcp.example', 'https://inspector.example', undefined],
    ['evil.example', undefined, 'host.unknown'],
    [undefined, undefined, 'host.unknown'],
    ['mcp.example:8080', undefined, 'host.unknown'],
    ['mcp.example', 'http://mcp.example', 'origin.refused'],
    ['mcp.example', 'https://evil.example', 'origin.refused'],
    ['mcp.example', 'null', 'origin.refused'],
    ['mcp.example', '', 'origin.refused'],
  ]
  for (const [host, origin, fault] of cases) t.equal(judgeDoors(doors, host, origin), fault, `${host} ${origin}`)
})

test('a loopback server answers to all loopback names at its port', async (t) => {
  const doors = doorsOf('http://localhost:4000')
  for (const host of ['localhost:4000', '127.0.0.1:4000', '[::1]:4000']) {
    t.equal(judgeDoors(doors, host, `http://${host}`), undefined, host)
  }
  t.equal(judgeDoors(doors, 'localhost:4001', undefined), 'host.unknown')
  t.equal(judgeDoors(doors, 'rebound.example:4000', undefined), 'host.unknown')
})

test('a challenge quotes every attribute, once, with the characters that are allowed [S-AU-28]', async (t) => {
  t.equal(challenge({ metadataUrl: 'https://m.example/x' }), 'Bearer resource_metadata="https://m.example/x"')
  t.equal(challenge({}), 'Bearer')
  t.equal(
    challenge({
      error: 'insufficient_scope',
      description: 'a "b" \\ c\r\nX: ü',
      scope: ['a:b', 'c'],
      metadataUrl: 'https://m',
    }),
    'Bearer error="insufficient_scope", error_description="a b  cX: ", scope="a:b c", resource_metadata="https://m"',
  )
})

test('Accept and Content-Type are read whatever their case and order [S-TR-10]', async (t) => {
  t.ok(accepts(undefined, 'application/json'))
  t.ok(accepts('*/*', 'text/event-stream'))
  t.ok(accepts('text/html, Application/JSON;q=0.5', 'application/json'))
  t.ok(accepts('text/*', 'text/event-stream'))
  t.notOk(accepts('text/event-stream', 'application/json'))
  t.notOk(accepts('application/json;q=0, text/html', 'application/json'))
  t.ok(isJson('application/json; charset=utf-8'))
  t.ok(isJson('APPLICATION/JSON'))
  for (const type of [undefined, '', 'text/plain', 'application/json-patch+json', 'application/jsonx'])
    t.notOk(isJson(type))
})
