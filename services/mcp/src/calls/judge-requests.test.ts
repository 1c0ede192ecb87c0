import { form, page, sample } from '@gatehouse/catalog'
import { test } from 'tap'
import { z } from 'zod'
import { wireRequests } from './input-requests.ts'
import { messagesFault, secretAskedFor } from './judge-requests.ts'

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
