import { eventually } from '@gatehouse/testkit'
import { test } from 'tap'
import { operate } from './browsing.ts'
import { runningHouse } from './running.ts'
import { ask } from './wire.ts'

/** A change is known everywhere within a second, while revocations flow. */
const SOON_MS = 1_000

test('an API key, from the page to the MCP endpoint', async (t) => {
  const { publicUrl, profile, secrets } = await runningHouse(t, { embedded: true })
  const house = { publicUrl, adminToken: secrets.adminToken }
  const tenants = (await operate(house, 'GET', '/tenants')).tenants as readonly { id: string; slug: string }[]
  const keysOfAcme = `/tenants/${tenants.find(({ slug }) => slug === 'acme')?.id}/api-keys`
  const make = async (body: object) =>
    (await operate(house, 'POST', keysOfAcme, body)) as { readonly id: string; readonly key: string }
  const list = (key: string) =>
    ask(`${publicUrl}${profile.paths.mcp}`, {
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    })
  const sees = async (key: string, tool: string) => (await list(key)).text.includes(`"${tool}"`)

  await t.test('other scopes hold within a second, more of them and fewer [U5, U7]', async (t) => {
    const { id, key } = await make({ name: 'Changing', scopes: ['mcp:read'] })
    t.ok(await sees(key, 'search.global'))
    t.notOk(await sees(key, 'entry.create'))
    await operate(house, 'PATCH', `/api-keys/${id}`, { scopes: ['mcp:write'] })
    await eventually(SOON_MS, 'what it may do now', () => sees(key, 'entry.create'))
    await operate(house, 'PATCH', `/api-keys/${id}`, { scopes: ['mcp:read'] })
    await eventually(SOON_MS, 'what it may not do any more', async () => !(await sees(key, 'entry.create')))
    t.ok(await sees(key, 'search.global'), 'it is still good')
  })

  await t.test('its use is told to the minute, without asking auth at every call', async (t) => {
    const { id, key } = await make({ name: 'Used', scopes: ['mcp:read'] })
    const entry = async () => {
      const { keys } = (await operate(house, 'GET', keysOfAcme)) as { keys: readonly { id: string; usedAt?: string }[] }
      return keys.find((one) => one.id === id)
    }
    t.notOk((await entry())?.usedAt)
    await list(key)
    const { usedAt } = (await entry()) ?? {}
    t.ok(Math.abs(Date.now() - Date.parse(usedAt ?? '')) < 60_000)
    await list(key)
    t.equal((await entry())?.usedAt, usedAt)
  })

  await t.test('of a project it is refused, with what to make instead [L3]', async (t) => {
    const { key } = await make({ name: 'CI', scopes: ['mcp:read'], project: 'prj_1' })
    const answer = await list(key)
    t.equal(answer.status, 403)
    t.match(answer.text, /organi[sz]ation/i)
  })

  await t.test('revoked, it is refused within a second [U5]', async (t) => {
    const { id, key } = await make({ name: 'Leaving', scopes: ['mcp:read'] })
    t.equal((await list(key)).status, 200)
    await fetch(`${publicUrl}/admin/v1/api-keys/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${secrets.adminToken}` },
    })
    await eventually(SOON_MS, 'the refusal', async () => (await list(key)).status === 401)
  })
})
