import { AUDITED } from '@gatehouse/contracts'
import { eventually } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { listening, openLegacy, urlOf } from '../testing/legacy-client.ts'
import { openListen } from '../testing/listening.ts'
import { ORIGIN, openParts, openRig, PROFILE, type Rig, SSE_PATHS, SSE_RESOURCE } from '../testing/rig.ts'
import { hear } from '../testing/sse-client.ts'
import { modern } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())
const profile = { ...PROFILE, paths: { ...PROFILE.paths, ...SSE_PATHS } }

const told = async (rig: Rig, name: 'connected' | 'disconnected') =>
  (await rig.allEvents()).filter(({ type }) => type === AUDITED[name].type)
const heard = (rig: Rig, name: 'connected' | 'disconnected', count: number) =>
  eventually(10_000, `${count} ${name}`, async () => {
    const all = await told(rig, name)
    return all.length >= count ? all : undefined
  })

test('whatever a client holds to hear of changes is a connection: told of when it opens, and when it ends [U9]', async (t) => {
  const rig = await openRig(parts, { profile })
  t.teardown(() => rig.close())
  await listening(rig)
  const token = await rig.token()
  const port = Number(new URL(urlOf(rig)).port)

  const stream = await openListen(port, token, { resourceSubscriptions: ['notes://n1'] })
  const client = await openLegacy(rig, token)
  const sse = await hear(`${new URL(urlOf(rig)).origin}${SSE_PATHS.sse}`, {
    headers: { host: new URL(ORIGIN).host, authorization: `Bearer ${await rig.token({ aud: SSE_RESOURCE })}` },
  })
  const opened = await heard(rig, 'connected', 3)
  t.same(opened.map(({ data }) => `${data.action} ${data.protocolVersion}`).sort(), [
    'http-sse 2024-11-05',
    'listen 2026-07-28',
    'session 2025-11-25',
  ])
  for (const { tenantid, data } of opened) {
    t.match(data, { actor: { kind: 'person', id: 'person1', client: 'client1', grant: 'grant1' }, node: rig.node })
    t.equal(tenantid, 'acme')
  }
  t.same(await told(rig, 'disconnected'), [])

  stream.leave()
  sse.leave()
  await client.end(rig)
  const ended = await heard(rig, 'disconnected', 3)
  t.same(ended.map(({ data }) => `${data.action} ${data.reason}`).sort(), [
    'http-sse closed',
    'listen closed',
    'session session.deleted',
  ])
  const idsOf = (events: typeof ended) => events.map(({ data }) => (data.object as { id: string }).id).sort()
  t.same(idsOf(ended), idsOf(opened))
})

test('requests of the stateless revision alone are no connection', async (t) => {
  const rig = await openRig(parts)
  t.teardown(() => rig.close())
  await listening(rig)

  t.equal((await modern(rig, await rig.token(), 'tools/list')).status, 200)
  const stream = await openListen(Number(new URL(urlOf(rig)).port), await rig.token(), { toolsListChanged: true })
  await heard(rig, 'connected', 1)
  t.equal((await told(rig, 'connected')).length, 1, 'that of the stream')
  stream.leave()
})
