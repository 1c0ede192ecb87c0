import type { Principal, Rules } from '@gatehouse/policy'
import { test } from 'tap'
import { z } from 'zod'
import { type Catalog, defineCatalog, definePrompt, defineResource, defineTool, ToolFailure } from './define.ts'
import { type Offer, offerOf } from './offer.ts'
import { bareCall } from './testing/open-catalog.ts'
import { stockOf } from './testing/stock-of.ts'

interface Shelf {
  readonly offer: Offer
  readonly reader: string
}

const RULES: Rules = {
  plansWithMcp: new Set(),
  implies: new Map(),
  permissions: new Map([
    ['librarian', new Set(['books:read', 'books:write'])],
    ['guest', new Set(['books:read'])],
  ]),
  narrowing: new Set(['only:films']),
}

const principalOf = (role: string, ...more: string[]): Principal => ({
  tenant: 'acme',
  kind: 'person',
  subject: `person_${role}`,
  scopes: new Set(['use', ...more]),
  roles: [role],
  credential: 'oauth',
  credentialId: 'jti_1',
  issuedAt: 0,
  expiresAt: 600,
})

const tool = (name: string, permissions: readonly string[]) =>
  defineTool<Shelf>()({
    name,
    title: `Title of ${name}`,
    description: `What ${name} does.`,
    scopes: ['use'],
    permissions,
    effect: 'reads',
    input: z.strictObject({ id: z.string() }),
    output: z.object({}),
    examples: [{ when: 'One has an id', arguments: { id: 'bok_1' } }],
    run: async () => ({}),
  })

const catalog = defineCatalog<Shelf>({
  name: 'shelf',
  schema: { name: 'shelf', role: 'gatehouse_mcp', migrations: new URL('.', import.meta.url) },
  tools: [tool('book.read', ['books:read']), tool('book.write', ['books:write'])],
  resources: [
    defineResource<Shelf>()({
      name: 'book',
      path: 'books/{bookId}',
      title: 'A book',
      description: 'One book.',
      mimeType: 'application/json',
      scopes: ['use'],
      permissions: ['books:read'],
      subscribable: false,
      read: async ({ bookId }, { reader }) => (bookId === 'none' ? undefined : { bookId, reader }),
    }),
    defineResource<Shelf>()({
      name: 'till',
      path: 'till',
      title: 'The till',
      description: 'What is in it.',
      mimeType: 'application/json',
      scopes: ['use'],
      permissions: ['books:write'],
      subscribable: false,
      read: async () => 'CANARY',
    }),
  ],
  prompts: [
    definePrompt<Shelf>()({
      name: 'praise',
      title: 'Praise a book',
      description: 'Some words.',
      scopes: ['use'],
      permissions: ['books:write'],
      arguments: z.object({ title: z.string().max(20).describe('Its title.') }),
      get: async ({ title }, { reader }) => [{ role: 'user', content: { type: 'text', text: `${reader}: ${title}` } }],
    }),
  ],
  changes: [],
  open: () => (principal, offer) => ({ offer, reader: principal.subject }),
  demo: async () => undefined,
})

const offerTo = (principal: Principal): Offer => {
  const domain = (to: Principal): object => catalog.open({ db: undefined as never })(to, offer)
  const stock = stockOf(catalog as unknown as Catalog, domain)
  const offer = offerOf(() => stock, RULES, principal)
  return offer
}

test('an offer has what its principal may use, in the order of the lists, and nothing else', async (t) => {
  const names = ({ tools, resources, prompts }: Offer) => [
    tools.map(({ name }) => name),
    resources.map(({ uri }) => uri),
    prompts.map(({ name }) => name),
  ]
  t.same(names(offerTo(principalOf('librarian'))), [
    ['book.read', 'book.write'],
    ['test://books/{bookId}', 'test://till'],
    ['praise'],
  ])
  t.same(names(offerTo(principalOf('guest'))), [['book.read'], ['test://books/{bookId}'], []])
  t.same(names(offerTo({ ...principalOf('guest'), scopes: new Set() })), [[], [], []])
  const [first] = offerTo(principalOf('guest')).tools
  t.match(first, {
    title: 'Title of book.read',
    effect: 'reads',
    inputSchema: { type: 'object', required: ['id'] },
    examples: [{ when: 'One has an id', arguments: { id: 'bok_1' } }],
  })
})

test('what a principal may not use can neither be read nor filled in, and looks as if it were not there', async (t) => {
  const guest = principalOf('guest')
  const offer = offerTo(guest)
  const call = bareCall(guest)
  t.same(await offer.read('test://books/bok_1', call), { bookId: 'bok_1', reader: 'person_guest' })
  for (const uri of ['test://till', 'test://nothing', 'test://books/none', 'books/bok_1', '']) {
    t.equal(await offer.read(uri, call), undefined, uri)
  }
  t.equal(await offer.prompt('praise', { title: 'x' }, call), undefined)
  const librarian = principalOf('librarian')
  t.equal(await offerTo(librarian).read('test://till', bareCall(librarian)), 'CANARY', 'it is there for who may')
})

test('a call in the name of somebody else does not borrow rights: the offer is its own principal’s', async (t) => {
  const read = await offerTo(principalOf('guest')).read('test://books/bok_1', bareCall(principalOf('librarian')))
  t.match(read, { reader: 'person_guest' })
})

test('a prompt is filled in, and arguments that do not fit are told', async (t) => {
  const librarian = principalOf('librarian')
  const offer = offerTo(librarian)
  t.match(await offer.prompt('praise', { title: 'Emma' }, bareCall(librarian)), [
    { content: { text: 'person_librarian: Emma' } },
  ])
  const refused = { constructor: ToolFailure, code: 'arguments.invalid', message: /title/ }
  await t.rejects(offer.prompt('praise', { title: 'x'.repeat(21) }, bareCall(librarian)), refused)
  await t.rejects(offer.prompt('praise', {}, bareCall(librarian)), refused)
})

test('what a handler asks for by itself is decided as all else is, and named when it is missing', async (t) => {
  const needs = { permissions: ['books:write'] }
  t.doesNotThrow(() => offerTo(principalOf('librarian')).require(needs))
  t.throws(() => offerTo(principalOf('guest')).require(needs), {
    constructor: ToolFailure,
    code: 'permission.missing',
    message:
      'Missing permission: books:write. It comes with the role librarian; an administrator of your workspace can give it.',
  })
  const narrowed = offerTo(principalOf('librarian', 'only:films'))
  t.equal(narrowed.may({ scopes: ['only:films'] }), true)
  t.throws(() => narrowed.require({ scopes: ['use', 'only:books'] }), { code: 'scope.missing' })
  t.equal(narrowed.may(needs), true)
})
