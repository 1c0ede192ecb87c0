import { eventually } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { auditedCalls } from './audit-log.ts'
import { askingFor, legacyClient, modernClient, type OfficialClient } from './clients.ts'
import { authorizeInPages } from './person.ts'
import { CALLBACK, type Running, runningHouse } from './running.ts'

interface Way {
  readonly client: (mcpUrl: string, sseUrl: string) => OfficialClient
  /** Absent for HTTP+SSE, where the client does not say, and only tells its person which scope is missing. */
  readonly revision?: string
}

const older = (mcpUrl: string, knows: string) => modernClient(mcpUrl, CALLBACK, 'legacy', fetch, { knows })

/** Elicitation came after it. */
const WITHOUT_QUESTIONS = '2025-03-26'

const WAYS: readonly Way[] = [
  { client: (mcpUrl) => legacyClient(mcpUrl, CALLBACK), revision: '2025-11-25' },
  { client: (mcpUrl) => legacyClient(mcpUrl, CALLBACK, 'http', askingFor('2025-06-18')), revision: '2025-06-18' },
  { client: (mcpUrl) => legacyClient(mcpUrl, CALLBACK, 'http', askingFor('2025-03-26')), revision: '2025-03-26' },
  { client: (_, sseUrl) => legacyClient(sseUrl, CALLBACK, 'sse') },
  { client: (mcpUrl) => older(mcpUrl, '2025-06-18'), revision: '2025-06-18' },
  { client: (mcpUrl) => older(mcpUrl, '2025-03-26'), revision: '2025-03-26' },
  { client: (_, sseUrl) => modernClient(sseUrl, CALLBACK, 'legacy', fetch, { over: 'sse' }) },
  { client: (mcpUrl) => modernClient(mcpUrl, CALLBACK, 'legacy'), revision: '2025-11-25' },
  { client: (mcpUrl) => modernClient(mcpUrl, CALLBACK, 'auto'), revision: '2026-07-28' },
  { client: (mcpUrl) => modernClient(mcpUrl, CALLBACK), revision: '2026-07-28' },
]

test('the official clients, every way that they have', async (t) => {
  const house = await runningHouse(t, { embedded: true, profile: 'conformance' })
  const { paths } = house.profile
  for (const { client: make, revision } of WAYS) {
    const client = make(`${house.publicUrl}${paths.mcp}`, `${house.publicUrl}${paths.sse}`)
    t.teardown(() => client.close())
    await t.test(
      `${client.label}${revision === undefined ? '' : ` (${revision})`} signs in, calls, is asked where it can be, refreshes and steps up [S-AU-01, A-RF-01, CF-2, CF-8]`,
      (t) => useClient(t, house, client, revision),
    )
  }
})

async function useClient(
  t: Test,
  house: Running,
  client: OfficialClient,
  revision: string | undefined,
): Promise<unknown> {
  const person = { email: 'member@acme.test', password: house.secrets.demoPassword }
  const signIn = async (url: URL) => client.connect(await authorizeInPages(url, CALLBACK, person))
  await signIn(await client.connectAsStranger())
  t.equal(client.revision(), revision)
  t.equal((await client.tools())[0], 'test_simple_text')

  t.match(await client.call('greet', { name: 'Ada' }), { isError: false, structured: { text: 'Hello, Ada!' } })
  const { clientId, accessToken, refreshToken } = client.provider.held()
  const called = await eventually(15_000, 'the call in the audit log', async () =>
    (await auditedCalls(house)).find(({ actor }) => actor.client === clientId),
  )
  t.match(called, { tool: 'greet', outcome: 'succeeded' })
  const asked = await client.call('test_elicitation', { message: 'Who are you?' })
  const answered = revision === WITHOUT_QUESTIONS ? /did not declare elicitation/ : /action=accept.*ada@acme\.test/
  t.match(asked.structured, { text: answered }, 'its person was asked, where the revision has questions')

  client.provider.spoilAccessToken()
  t.match(await client.call('greet', { name: 'Bea' }), { structured: { text: 'Hello, Bea!' } })
  t.not(client.provider.held().accessToken, accessToken)
  t.not(client.provider.held().refreshToken, refreshToken, 'each refresh rotates both tokens')

  if (revision === undefined) {
    const told = { cause: { message: /HTTP 403.*Authorize again and ask for: conformance:more conformance:use/ } }
    return t.rejects(client.askForMore('test_step_up'), told)
  }
  const more = await client.askForMore('test_step_up')
  t.match(more.searchParams.get('scope'), /conformance:more/)
  t.match(more.searchParams.get('scope'), /conformance:use/, 'and what it had')
  t.equal(more.searchParams.get('client_id'), clientId, 'as the same client')
  await signIn(more)
  return t.match(await client.call('test_step_up', {}), { structured: { text: 'You have more than the default.' } })
}
