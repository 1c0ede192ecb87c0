import { form, page, sample } from '@gatehouse/catalog'
import { test } from 'tap'
import { z } from 'zod'
import { wireRequests } from './input-requests.ts'
import { formFault, messagesFault, secretAskedFor } from './judge-requests.ts'

const members = (...names: string[]) => ({ properties: Object.fromEntries(names.map((name) => [name, {}])) })

test('a form asks for no secret: that is for a page [S-EL-01, S-EL-02]', async (t) => {
  for (const name of [
    'password',
    'passphrase',
    'Password',
    'new_password',
    'apiKey',
    'API_KEY',
    'api-key',
    'accessToken',
    'token',
    'clientSecret',
    'secret',
    'private_key',
    'creditCard',
    'card_number',
    'cardNumber',
    'cvv',
    'pin',
    'credentials',
  ]) {
    t.equal(secretAskedFor(members('email', name)), name)
  }
  t.equal(secretAskedFor({ properties: { a: { title: 'Your API key' } } }), 'a', 'by its title')
  t.equal(secretAskedFor({ properties: { a: { format: 'password' } } }), 'a', 'by its format')
  const harmless = members(
    'name',
    'email',
    'tokens',
    'maxTokens',
    'key',
    'keyboard',
    'secretary',
    'pinned',
    'cardinality',
    'card',
    'passport',
  )
  t.equal(secretAskedFor(harmless), undefined)
  t.equal(secretAskedFor({}), undefined)

  for (const revision of ['2026-07-28', '2025-11-25', '2025-06-18'] as const) {
    const asked = { it: form('Your key?', z.object({ apiKey: z.string() })) }
    t.throws(() => wireRequests(asked, revision), /a form does not ask for "apiKey"/)
    const brought = {
      it: form('Your key?', z.object({}), { type: 'object', properties: { apiKey: { type: 'string' } } }),
    }
    t.throws(() => wireRequests(brought, revision), /a form does not ask for "apiKey"/)
  }
  t.match(wireRequests({ it: page('Your key?', 'https://notes.example/keys') }, '2026-07-28'), {
    it: { params: { mode: 'url', url: 'https://notes.example/keys' } },
  })
})

const user = (content: unknown) => ({ role: 'user' as const, content })
const assistant = (content: unknown) => ({ role: 'assistant' as const, content })
const text = { type: 'text', text: 'Hi' }
const use = (id: string) => ({ type: 'tool_use', id, name: 'look', input: {} })
const result = (toolUseId: string) => ({ type: 'tool_result', toolUseId, content: [] })

test('messages for a model: results of tools stand alone, and every use of a tool has its result [S-EL-18]', async (t) => {
  const good = [
    [],
    [user(text)],
    [user([text]), assistant(text), user(text)],
    [user(text), assistant(use('a')), user(result('a'))],
    [user(text), assistant([text, use('a'), use('b')]), user([result('b'), result('a')]), assistant(text)],
  ]
  for (const messages of good) t.equal(messagesFault(messages), undefined, JSON.stringify(messages))
  const bad = [
    [{ role: 'system', content: text }],
    [user(text), assistant(use('a'))],
    [user(text), assistant(use('a')), user(text)],
    [user(text), assistant(use('a')), assistant(text), user(result('a'))],
    [user(text), assistant(use('a')), user([result('a'), text])],
    [user(text), assistant(use('a')), user(result('b'))],
    [user(text), assistant([use('a'), use('b')]), user(result('a'))],
    [user(text), assistant(use('a')), user([result('a'), result('a')])],
    [user(result('a'))],
    [assistant(result('a'))],
    [user(use('a'))],
  ]
  for (const messages of bad) t.type(messagesFault(messages), 'string', JSON.stringify(messages))
  const asked = { it: sample({ messages: [user(text), assistant(use('a'))], maxTokens: 1 }) }
  t.throws(() => wireRequests(asked, '2026-07-28'), /the last use of a tool has no result/)
})

test('a form is flat, of texts, numbers, yes or no, and choices, with the keywords that clients know [S-EL-05]', async (t) => {
  const formOf = (member: unknown) => ({ type: 'object', properties: { it: member } })
  const titled = [{ const: 'a', title: 'A' }]
  const about = { title: 'It', description: 'What it is.' }
  for (const good of [
    { type: 'string', ...about, minLength: 1, maxLength: 9, default: 'x' },
    ...['email', 'uri', 'date', 'date-time'].map((format) => ({ type: 'string', format })),
    { type: 'number', ...about, minimum: 0.5, maximum: 9, default: 1 },
    { type: 'integer', minimum: 0 },
    { type: 'boolean', ...about, default: true },
    { type: 'string', enum: ['a', 'b'], default: 'a' },
    { type: 'string', oneOf: titled },
    { type: 'string', enum: ['a'], enumNames: ['A'] },
    { type: 'array', ...about, items: { type: 'string', enum: ['a'] }, minItems: 1, maxItems: 2, default: ['a'] },
    { type: 'array', items: { anyOf: titled } },
  ]) {
    t.equal(formFault(formOf(good)), undefined, JSON.stringify(good))
  }
  for (const bad of [
    null,
    {},
    { type: 'object', properties: {} },
    { type: 'null' },
    { type: ['string', 'null'] },
    { anyOf: [{ type: 'string' }, { type: 'null' }] },
    { type: 'string', pattern: '^(a+)+$' },
    { type: 'string', format: 'uuid' },
    { type: 'string', enum: [1] },
    { type: 'string', oneOf: [{ const: 'a' }] },
    { type: 'number', exclusiveMinimum: 0 },
    { type: 'boolean', enum: [true] },
    { type: 'array', items: { type: 'string' } },
    { type: 'array', items: { type: 'object' } },
    { $ref: '#/$defs/it' },
  ]) {
    t.match(formFault(formOf(bad)), /the member "it" of a form/, JSON.stringify(bad))
  }
  t.match(formFault({ type: 'array' }), 'a form is an object')

  for (const revision of ['2026-07-28', '2025-11-25', '2025-06-18'] as const) {
    const nested = { it: form('Where?', z.object({ place: z.object({ row: z.string() }) })) }
    t.throws(() => wireRequests(nested, revision), /the member "place" of a form is no text/)
    const brought = { it: form('Where?', z.object({}), formOf({ type: 'string', pattern: 'x' })) }
    t.throws(() => wireRequests(brought, revision), /has pattern, which no form has for it/)
  }
  const { it } = wireRequests(
    {
      it: form(
        'Who?',
        z.object({
          id: z.uuid(),
          mail: z.email().max(99),
          age: z.int().positive(),
          kind: z.enum(['a', 'b']).optional(),
          of: z.array(z.enum(['a'])).max(3),
          day: z.iso.date().default('2026-01-31'),
        }),
      ),
    },
    '2026-07-28',
  )
  t.same(it?.params.requestedSchema, {
    type: 'object',
    properties: {
      id: { type: 'string' },
      mail: { type: 'string', format: 'email', maxLength: 99 },
      age: { type: 'integer' },
      kind: { type: 'string', enum: ['a', 'b'] },
      of: { type: 'array', items: { type: 'string', enum: ['a'] }, maxItems: 3 },
      day: { type: 'string', format: 'date', default: '2026-01-31' },
    },
    required: ['id', 'mail', 'age', 'of'],
  })
})
