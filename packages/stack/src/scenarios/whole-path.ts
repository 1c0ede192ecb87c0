import { createHash } from 'node:crypto'
import { eventually } from '@gatehouse/testkit'
import type { Test } from 'tap'
import { legacyClient, modernClient, type OfficialClient } from './clients.ts'
import { authorizeInPages } from './person.ts'

/** A running Gatehouse, wherever its parts are. */
export interface RunningHouse {
  readonly publicUrl: string
  readonly password: string
  readonly adminToken: string
}

const CALLBACK = 'http://127.0.0.1:33418/callback'

/** From discovery to the audit log with both official clients; the same on embedded and on real parts. */
export async function wholePath(t: Test, house: RunningHouse): Promise<void> {
  const mcpUrl = `${house.publicUrl}/mcp`
  const modern = modernClient(mcpUrl, CALLBACK)
  const legacy = legacyClient(mcpUrl, CALLBACK)

  for (const client of [modern, legacy]) {
    await t.test(`${client.label} discovers, registers, signs in and is let in [S-AU-01, S-AU-22, A-DR-01]`, (t) =>
      signIn(t, client, house),
    )
  }

  let entryId = ''
  const created = { title: 'Export fails for projects with more than 500 entries', type: 'bug_report' }
  await t.test('a tool writes and the resource shows what was written [S-TL-01, S-RS-03]', async (t) => {
    const projects = (await legacy.read('align://projects')) as { projects: { id: string }[] }
    const projectId = projects.projects[0]?.id ?? ''
    t.ok(projectId, 'the demo has a project')
    for (const client of [modern, legacy]) t.ok((await client.tools()).includes('entry.create'), client.label)
    const result = await legacy.call('entry.create', { projectId, ...created })
    t.notOk(result.isError)
    entryId = String(result.structured.id)
    const read = (await modern.read(`align://entries/${entryId}`)) as { title: string }
    t.equal(read.title, created.title)
  })

  const comment = { content: 'Seen by two more customers this week; raising the priority.' }
  await t.test(
    'the v2 client hears within a second that another client changed its entry, and reads the change [S-SU-02, S-RS-13, S-CA-08]',
    async (t) => {
      const uri = `align://entries/${entryId}`
      const heard: string[] = []
      const subscription = await modern.listen?.([uri], (updated) => heard.push(updated))
      t.ok(subscription)
      const before = heard.length
      await legacy.call('entry.add_comment', { entryId, ...comment })
      await eventually(1_000, 'resources/updated for the entry', () => heard.length > before)
      t.match(heard.at(-1), uri)
      const read = (await modern.read(uri)) as { comments: { content: string }[] }
      t.ok(
        read.comments.some((one) => one.content === comment.content),
        'a read after it shows the change',
      )
      await subscription?.close()
    },
  )

  for (const client of [modern, legacy]) {
    await t.test(`${client.label} refreshes and goes on [A-RF-01]`, async (t) => {
      const before = client.provider.held()
      client.provider.spoilAccessToken()
      t.ok((await client.tools()).length > 0)
      const after = client.provider.held()
      t.not(after.accessToken, before.accessToken)
      t.not(after.refreshToken, before.refreshToken, 'each refresh rotates both tokens')
    })
  }

  await t.test('the audit log has each call with the hash of its arguments and not the arguments', async (t) => {
    const events = await eventually(15_000, 'both calls in the audit log', async () => {
      const found = await auditEvents(house)
      return found.filter((event) => event.tool.startsWith('entry.')).length >= 2 ? found : undefined
    })
    const text = JSON.stringify(events)
    t.notMatch(text, created.title)
    t.notMatch(text, comment.content)
    const expected = sha256Canonical({ content: comment.content, entryId })
    t.ok(
      events.some((event) => event.tool === 'entry.add_comment' && event.argumentsSha256 === expected),
      'SHA-256 of the canonical arguments',
    )
  })

  for (const client of [modern, legacy]) {
    await t.test(`${client.label} is refused within a second of its revocation [A-RV-04, S-HS-07]`, async (t) => {
      const { accessToken, refreshToken, clientId } = client.provider.held()
      t.equal(await statusOfCall(mcpUrl, accessToken), 200, 'let in before')
      const revoked = await fetch(`${house.publicUrl}/oauth/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ token: refreshToken, client_id: clientId }),
      })
      t.equal(revoked.status, 200)
      await eventually(1_000, '401 for the access token', async () => (await statusOfCall(mcpUrl, accessToken)) === 401)
      const refused = await fetch(`${house.publicUrl}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }),
      })
      t.equal(refused.status, 400)
      t.match(await refused.json(), { error: 'invalid_grant' })
    })
  }
  await modern.close()
  await legacy.close()
}

async function signIn(t: Test, client: OfficialClient, house: RunningHouse): Promise<void> {
  const authorizationUrl = await client.connectAsStranger()
  const callback = await authorizeInPages(authorizationUrl, CALLBACK, {
    email: 'member@acme.test',
    password: house.password,
  })
  t.equal(callback.searchParams.get('iss'), house.publicUrl, 'iss is the issuer to the character')
  await client.connect(callback)
  const expected = client.label.includes('/client') ? '2026-07-28' : '2025-11-25'
  t.equal(client.revision(), expected)
}

interface AuditItem {
  readonly tool: string
  readonly argumentsSha256: string
}

async function auditEvents(house: RunningHouse): Promise<readonly AuditItem[]> {
  const answer = await fetch(`${house.publicUrl}/admin/v1/audit/events?limit=200`, {
    headers: { authorization: `Bearer ${house.adminToken}` },
  })
  if (answer.status !== 200) throw new Error(`audit query answered ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { events: AuditItem[] }).events.filter(({ tool }) => tool !== undefined)
}

/** For flat objects of strings RFC 8785 is sorted keys and JSON without white space. */
const sha256Canonical = (value: Readonly<Record<string, string>>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))))
    .digest('hex')

/** The HTTP status of a stateless `tools/list` with this token. */
async function statusOfCall(mcpUrl: string, accessToken: string): Promise<number> {
  const answer = await fetch(mcpUrl, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  })
  await answer.body?.cancel()
  return answer.status
}
