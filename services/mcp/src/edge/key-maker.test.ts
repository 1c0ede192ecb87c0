import { eventually } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import type { PrincipalFacts } from '../deps.ts'
import { openParts, openRig, PROFILE, type Rig } from '../testing/rig.ts'
import { modern } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const facts = (keyId: string, over: Partial<PrincipalFacts> = {}): PrincipalFacts => ({
  ...{ tenant: 'acme', keyId, scopes: ['notes:write'], issuedAt: 1_700_000_000, version: 1 },
  ...over,
})
const by = (...roles: readonly string[]) => ({ maker: { person: 'person1', roles } })

/** Every key may write as far as scopes go, but for `reader`. Another version is what auth says since the role has changed. */
async function openWith(t: { teardown(end: () => unknown): void }, apiKeyPermissions: 'scopes' | 'maker') {
  const keys: Record<string, PrincipalFacts> = {
    notes_owner: facts('key_owner', by('owner')),
    notes_viewer: facts('key_viewer', by('viewer')),
    notes_gone: facts('key_gone', by()),
    notes_operator: facts('key_operator'),
    notes_reader: facts('key_reader', { ...by('owner'), scopes: ['notes:read'] }),
  }
  const rig = await openRig(parts, {
    profile: { ...PROFILE, apiKeyPermissions },
    exchangeKey: async (key) => keys[key],
  })
  t.teardown(() => rig.close())
  return { rig, keys }
}

const create = async (rig: Rig, key: string) =>
  (await modern(rig, key, 'tools/call', { name: 'notes_create', arguments: { text: 'x' } })).body.result
const listed = async (rig: Rig, key: string): Promise<readonly string[]> =>
  (await modern(rig, key, 'tools/list')).body.result.tools.map(({ name }: { name: string }) => name)

test('a tool that writes asks a key for its scope, and for the permission that its maker has in the product [U10]', async (t) => {
  const { rig } = await openWith(t, 'maker')
  t.notOk((await create(rig, 'notes_owner')).isError)
  for (const key of ['notes_viewer', 'notes_gone']) {
    t.match(await create(rig, key), { isError: true, content: [{ text: /^Missing permission: notes:write\./ }] }, key)
    t.notOk((await listed(rig, key)).includes('notes_create'), `${key}: the list has it no more than the call`)
    t.ok((await listed(rig, key)).includes('notes_list'), `${key}: reading asks for no permission`)
  }
  const unscoped = await create(rig, 'notes_reader')
  t.match(unscoped, { isError: true, content: [{ text: /^Missing required scope: notes:write/ }] }, 'scopes come first')
  t.notOk((await create(rig, 'notes_operator')).isError, 'an operator has no role: the scopes are all')
  t.same(rig.ran, ['notes_create', 'notes_create'], 'nothing that was refused has run')
})

test('when the role of its maker changes, a key that is known has the new permissions at once [U10]', async (t) => {
  const { rig, keys } = await openWith(t, 'maker')
  t.notOk((await create(rig, 'notes_owner')).isError)
  keys.notes_owner = facts('key_owner', { ...by('viewer'), version: 2 })
  await rig.revoke({ kind: 'key', key: 'key_owner', below: 2, at: 1_700_000_001, reason: 'maker.changed' })
  const refused = () => create(rig, 'notes_owner').then(({ isError }) => isError === true)
  t.ok(await eventually(1_000, 'the permissions of a viewer', refused))
})

test('a profile in which scopes are all asks nothing of a maker', async (t) => {
  const { rig } = await openWith(t, 'scopes')
  for (const key of ['notes_viewer', 'notes_gone']) t.notOk((await create(rig, key)).isError, key)
})
