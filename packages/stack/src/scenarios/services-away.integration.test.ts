import { setTimeout as pause } from 'node:timers/promises'
import { eventually, temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openFaultHouse } from '../faults/house.ts'
import { watchUnder } from '../faults/watch.ts'
import { modernClient } from './clients.ts'
import { authorizeInPages } from './person.ts'
import { CALLBACK } from './running.ts'
import { ask, rpc } from './wire.ts'

file.setTimeout(170_000)
const house = await openFaultHouse({
  folder: temporaryFolder(file),
  surroundings: process.env,
  more: { relays: true },
})
file.teardown(() => house.close())
const { cluster } = house
const mcpUrl = `${cluster.publicUrl}/mcp`

const LOAD = { listeners: 40, legacyListeners: 20, changesPerSecond: 50, callers: 4 }
const CUT_MS = 2_000
/** Past the five seconds without a tick after which nodes ask auth, which does not answer. */
const HANG_MS = 7_000
/** Five seconds without a tick, and what a busy machine needs to see it. */
const SEEN_MS = 60_000

/** A token as a person's client gets it. */
async function tokenOf(email: string) {
  const client = modernClient(mcpUrl, CALLBACK)
  const person = { email, password: house.demoPassword }
  await client.connect(await authorizeInPages(await client.connectAsStranger(), CALLBACK, person))
  const held = client.provider.held()
  await client.close()
  return held
}

test('auth and audit are replaced, hang, and are cut off from each of their parts, under load: no call with a valid token fails, no stream breaks, no event is lost; what is revoked while auth cannot say so is refused', async (t) => {
  const { accessToken } = await tokenOf('member@acme.test')
  const spare = await tokenOf('admin@acme.test')
  const statusAt = async (url: string) => {
    const { headers, ...sent } = rpc(spare.accessToken, 'tools/list')
    const { host } = new URL(cluster.publicUrl)
    return (await ask(`${url}/mcp`, { ...sent, headers: { ...(headers as Record<string, string>), host } })).status
  }
  const ends: string[] = []
  const course = { ...LOAD, say: (line: string) => t.comment(line) }
  const { counts, calls } = await watchUnder({ ...house, apiKey: accessToken }, course, async () => {
    for (const name of ['auth', 'audit'] as const) {
      course.say(`${name} is replaced`)
      ends.push(await cluster[name].stop())
      await cluster.restart(name)
    }
    course.say('auth and audit hang')
    const both = [cluster.auth, cluster.audit]
    for (const service of both) service.freeze()
    await pause(HANG_MS)
    for (const service of both) service.thaw()
    for (const part of ['redis', 'postgres', 'nats'] as const) {
      course.say(`auth and audit are cut off: ${part}`)
      const ways = [cluster.way(cluster.auth, part), cluster.way(cluster.audit, part)]
      await Promise.all(ways.map((way) => way.turn('cut')))
      await pause(CUT_MS)
      if (part === 'nats') {
        for (const { url } of cluster.mcp) t.equal(await statusAt(url), 200)
        const form = new URLSearchParams({ token: spare.refreshToken, client_id: spare.clientId })
        t.equal((await ask(`${cluster.publicUrl}/oauth/revoke`, { body: form })).status, 200)
        for (const { name, url } of cluster.mcp)
          await eventually(SEEN_MS, `${name} to ask auth`, async () => (await statusAt(url)) === 401)
      }
      await Promise.all(ways.map((way) => way.turn('open')))
    }
    await pause(CUT_MS)
  })
  t.comment(JSON.stringify(counts))
  t.strictSame(ends, ['0', '0'])
  t.strictSame(
    calls.filter(({ done }) => !done),
    [],
    'no call failed',
  )
  t.match(counts, { streamsBroken: 0, sessionsLost: 0, missed: 0, needless: 0, auditMissing: 0, wrongEffects: 0 })
  for (const { url } of cluster.mcp) t.equal(await statusAt(url), 401, 'and stays refused')
})
