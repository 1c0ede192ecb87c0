import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, ToolBegun, ToolCalled } from '@gatehouse/contracts'
import { silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import { openJournal } from '../journal/journal.ts'
import { openParts, openRig } from '../testing/rig.ts'
import { modern } from '../testing/wire.ts'

test('calls that begin', async (suite) => {
  const parts = await openParts()
  suite.teardown(() => parts.close())
  const create = { name: 'notes_create', arguments: { text: 'a secret text' } }

  await suite.test('that a tool which writes begins is recorded before, and names the event of its end', async (t) => {
    const rig = await openRig(parts)
    t.teardown(() => rig.close())
    const token = await rig.token()
    t.equal((await modern(rig, token, 'tools/call', create)).status, 200)
    t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
    const [begun, ...called] = await rig.allEvents()
    t.match(begun, { type: ToolBegun.type, data: { tool: 'notes_create', leaseSeconds: 90, actor: { id: 'person1' } } })
    t.match(called, [
      { type: ToolCalled.type, id: begun?.data.call, data: { tool: 'notes_create', outcome: 'succeeded' } },
      { type: ToolCalled.type, data: { tool: 'notes_list' } },
    ])
    t.equal(begun?.data.argumentsSha256, called[0]?.data.argumentsSha256)
    t.notMatch(JSON.stringify([begun, called]), 'a secret text')
  })

  await suite.test('while that cannot be recorded a tool which writes is not entered', async (t) => {
    const rig = await openRig(parts)
    t.teardown(() => rig.close())
    const token = await rig.token()
    t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
    // The bus has answered just now, so that it is believed to be there.
    rig.cutBus(true)
    t.equal((await modern(rig, token, 'tools/call', create)).status, 503)
    t.same(rig.ran, ['notes_list'])
    rig.cutBus(false)
    t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
    const events = await rig.allEvents()
    const begun = events.find(({ type }) => type === ToolBegun.type)
    t.match(
      events.filter(({ id }) => id === begun?.data.call).map(({ data }) => [data.outcome, data.reason]),
      [['refused', 'audit.unavailable']],
      'the log does not take it for one that was never heard of again',
    )
  })

  await suite.test('with a journal calls go on while the bus is away, and all of it reaches the log', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'begun-'))
    const journal = await openJournal({
      folder,
      clock: systemClock,
      log: silentLogger,
      maxBytes: 1e8,
      segmentBytes: 1e6,
    })
    const rig = await openRig(parts, { journal })
    const token = await rig.token()
    rig.cutBus(true)
    for (let at = 0; at < 5; at += 1) {
      t.equal((await modern(rig, token, 'tools/call', create)).status, 200)
      t.equal((await modern(rig, token, 'tools/call', { name: 'notes_list' })).status, 200)
    }
    t.equal((await rig.allEvents()).length, 0)
    t.notOk(journal.empty)
    rig.cutBus(false)
    await rig.close()
    t.ok(journal.empty, 'drained before the process ends')
    await journal.close()
    await rm(folder, { recursive: true })
    const ids = new Set((await rig.allEvents()).map(({ id }) => id))
    t.equal(ids.size, 15)
  })
})
