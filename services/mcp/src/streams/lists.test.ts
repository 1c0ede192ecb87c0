import { randomUUID } from 'node:crypto'
import { onEvent } from '@gatehouse/catalog'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { listenOn, type Message, openListen } from '../testing/listening.ts'
import { openParts, openRig } from '../testing/rig.ts'
import { TALKS, ToolsChanged, talksCatalog } from '../testing/talks-catalog.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const ID = 'io.modelcontextprotocol/subscriptionId'

function changeTools(tenant: string): Promise<unknown> {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/catalogs/talks',
    type: 'gatehouse.talk.changed.v1',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenant,
    data: { id: 'x' },
  }
  return parts.bus.publish({ subject: `domain.${tenant}.talk.changed`, id: event.id, data: JSON.stringify(event) })
}
const changed = ({ method }: Message) => method === 'notifications/tools/list_changed'

test('lists whose members change', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()

  await suite.test(
    'are told to who asked for them, with the id of the stream, and to nobody else [S-CP-03, S-TL-15, S-SU-03, S-SU-04, S-SU-11]',
    async (t) => {
      const hears = await openListen(
        port,
        token,
        { toolsListChanged: true, promptsListChanged: false },
        1_764_000_000_123,
      )
      const prompts = await openListen(port, token, { promptsListChanged: true })
      const foreign = await openListen(port, await rig.token({ tenant_id: 'globex', sub: 'p2' }), {
        toolsListChanged: true,
      })
      for (const [stream, notifications] of [
        [hears, { toolsListChanged: true }],
        [prompts, { promptsListChanged: true }],
        [foreign, { toolsListChanged: true }],
      ] as const) {
        t.same((await stream.next(() => true)).params?.notifications, notifications)
      }
      await changeTools('acme')
      const told = await hears.next(changed)
      t.same(told, {
        jsonrpc: '2.0',
        method: 'notifications/tools/list_changed',
        params: { _meta: { [ID]: 1_764_000_000_123 } },
      })
      t.ok(ToolListChangedNotificationSchema.safeParse(told).success)
      await changeTools('globex')
      await foreign.next(changed)
      t.equal(foreign.messages.filter(changed).length, 1)
      t.equal(prompts.messages.length, 1)
      for (const stream of [hears, prompts, foreign]) stream.leave()
    },
  )

  await suite.test(
    'many changes at once are one message, and a change shortly before is announced [S-SU-15, S-SU-14]',
    async (t) => {
      const stream = await openListen(port, token, { toolsListChanged: true })
      await stream.next(({ method }) => method === 'notifications/subscriptions/acknowledged')
      await stream.next(changed)
      t.equal(stream.messages.length, 2, 'of the change before')
      await Promise.all(Array.from({ length: 20 }, () => changeTools('acme')))
      await stream.next(changed)
      t.ok(stream.messages.length < 22, String(stream.messages.length))
      stream.leave()
    },
  )

  await suite.test('of prompts and of resources are told of by their own names [S-RS-12, S-PR-07]', async (t) => {
    const catalog = {
      ...talksCatalog,
      changes: [
        onEvent(
          ToolsChanged,
          () => [],
          () => ['prompts', 'resources'],
        ),
      ],
    }
    const other = await openRig(parts, { catalogs: [{ catalog, domain: () => ({}) }] })
    t.teardown(() => other.close())
    const asked = { promptsListChanged: true, resourcesListChanged: true }
    const stream = await openListen(await listenOn(other), token, asked)
    const { params } = await stream.next(() => true)
    t.same(params?.notifications, asked)
    await changeTools('acme')
    for (const list of ['prompts', 'resources']) {
      await stream.next(({ method }) => method === `notifications/${list}/list_changed`)
    }
    t.equal(stream.messages.filter(changed).length, 0)
    stream.leave()
  })

  await suite.test('of a catalog whose lists never change none is promised', async (t) => {
    const still = await openRig(parts)
    t.teardown(() => still.close())
    const stream = await openListen(await listenOn(still), token, { toolsListChanged: true })
    t.same((await stream.next(() => true)).params?.notifications, {})
    stream.leave()
  })
})
