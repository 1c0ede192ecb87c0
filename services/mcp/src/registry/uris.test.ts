import { test } from 'tap'
import { compilePath, pathOf } from './uris.ts'

test('a path with variables matches its URIs and gives the values', async (t) => {
  const pattern = compilePath('projects/{projectId}/entries/{id}')
  t.same(pattern.variables, ['projectId', 'id'])
  t.same(pattern.match('projects/p1/entries/e-2'), { projectId: 'p1', id: 'e-2' })
  t.same(pattern.match('projects/a%20b/entries/%C3%A4'), { projectId: 'a b', id: 'ä' })
})

test('one resource has one URI: other spellings and dot segments match nothing [S-RS-06] [S-RS-07]', async (t) => {
  const pattern = compilePath('notes/{id}')
  const strange = [
    'notes',
    'notes/',
    'notes/a/b',
    'notes/a?x',
    'notes/a#x',
    'notes/%61',
    'notes/%zz',
    'notes/%ff',
    'notes/..',
  ]
  for (const path of [
    ...strange,
    'notes/.',
    'notes/%2e%2e',
    'notes/%2E%2E',
    'notes/a%2fb',
    'Notes/a',
    'notes/a\u0000',
  ]) {
    t.equal(pattern.match(path), undefined, path)
  }
})

test('only URIs of the profile scheme and of bearable length are looked at [S-RS-06] [S-RS-10]', async (t) => {
  for (const uri of [
    'javascript:alert(1)',
    'notes',
    '/notes',
    'file:///etc/passwd',
    'other://notes',
    'notes:notes',
    5,
    null,
  ]) {
    t.equal(pathOf('notes', uri), undefined, String(uri))
  }
  t.equal(pathOf('notes', `notes://${'a'.repeat(65_536)}`), undefined)
  t.equal(pathOf('notes', 'notes://a/b'), 'a/b')
})

test('a path that is no sequence of plain segments and variables is refused at start', async (t) => {
  for (const path of ['', '/a', 'a//b', 'a/{b', 'a/{b}c', 'a/{}', '{a}/{a}', 'a b', 'ä']) {
    t.throws(() => compilePath(path), TypeError, path)
  }
})
