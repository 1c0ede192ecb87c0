import { once } from 'node:events'
import { connect } from 'node:net'
import { openBus } from '@gatehouse/bus'
import { createMetrics } from '@gatehouse/telemetry'
import { eventually, nats } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { listenOn, type Message, openListen } from '../testing/listening.ts'
import { openPartsOn, openRig } from '../testing/rig.ts'

const server = await nats(file)
const parts = await openPartsOn(await openBus(server.url))
file.teardown(() => parts.close())
const metrics = createMetrics({ process: false })
const rig = await openRig(parts, { metrics })
file.teardown(() => rig.close())
const port = await listenOn(rig)

/** Speaks NATS by hand, as a client that knows nothing of us: `HPUB`, and `PONG` says that it was taken. */
async function publish(subject: string, headers: Record<string, string>, body: unknown): Promise<void> {
  const { hostname, port: at } = new URL(server.url)
  const socket = connect(Number(at), hostname)
  const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`)
  socket.write('CONNECT {"verbose":false,"headers":true}\r\n')
  socket.write(`HPUB ${subject} ${head.length} ${head.length + payload.length}\r\n`)
  socket.write(Buffer.concat([head, payload, Buffer.from('\r\nPING\r\n')]))
  let said = ''
  for await (const chunk of socket) {
    said += chunk
    if (said.includes('PONG') || said.includes('-ERR')) break
  }
  socket.destroy()
  if (!socket.closed) await once(socket, 'close')
  if (!said.includes('PONG')) throw new Error(said)
}

const attributes = (id: string, tenantid = 'acme') => ({
  specversion: '1.0',
  id,
  source: '/crm',
  type: 'gatehouse.note.changed.v1',
  tenantid,
})
const inHeaders = (event: Record<string, string>) =>
  Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce-${name}`, value]))
const SUBJECT = 'domain.acme.note.changed'

const updated = ({ method }: Message) => method === 'notifications/resources/updated'
const acknowledged = ({ method }: Message) => method === 'notifications/subscriptions/acknowledged'

async function dropped(): Promise<Record<string, number>> {
  const { body } = await metrics.expose()
  const lines = body.matchAll(/^gatehouse_mcp_domain_events_dropped_total\{reason="([^"]+)"\} (\d+)$/gm)
  return Object.fromEntries([...lines].map(([, reason, count]) => [reason, Number(count)]))
}

test("a company's own service publishes changes in structured and in binary mode, and subscribers on any node are told", async (t) => {
  const token = await rig.token()
  const notes = { resourceSubscriptions: ['notes://notes/s1', 'notes://notes/b1', 'notes://notes/c1'] }
  const stream = await openListen(port, token, notes)
  t.teardown(() => stream.leave())
  await stream.next(acknowledged)
  await publish(SUBJECT, {}, { ...attributes('s1'), time: new Date().toISOString(), data: { id: 's1' } })
  t.equal((await stream.next(updated)).params?.uri, 'notes://notes/s1')
  await publish(SUBJECT, { 'Content-Type': 'application/json', ...inHeaders(attributes('b1')) }, { id: 'b1' })
  t.equal((await stream.next(updated)).params?.uri, 'notes://notes/b1')
  const structured = { 'Content-Type': 'application/cloudevents+json' }
  await publish(SUBJECT, structured, { ...attributes('c1'), data: { id: 'c1' } })
  t.equal((await stream.next(updated)).params?.uri, 'notes://notes/c1', 'without a time, which is optional')
})

test("what is no event, another tenant's, or not what its type says, is heard by nobody and counted", async (t) => {
  const wanted = { resourceSubscriptions: ['notes://notes', 'notes://notes/x1', 'notes://notes/last'] }
  const acme = await openListen(port, await rig.token(), wanted)
  const globex = await openListen(port, await rig.token({ tenant_id: 'globex' }), wanted)
  for (const stream of [acme, globex]) {
    t.teardown(() => stream.leave())
    await stream.next(acknowledged)
  }
  const told = [acme, globex].map(({ messages }) => messages.filter(updated).length)
  const before = await dropped()
  const json = { 'content-type': 'application/json' }
  await publish(SUBJECT, {}, 'hello')
  await publish(SUBJECT, { ...json, ...inHeaders(attributes('1')), 'ce-specversion': '0.3' }, { id: 'x1' })
  await publish(SUBJECT, { 'content-type': 'application/cloudevents-batch+json' }, [attributes('2')])
  await publish(SUBJECT, {}, { ...attributes('3', 'globex'), data: { id: 'x1' } })
  await publish('domain.globex.note.changed', { ...json, ...inHeaders(attributes('4')) }, { id: 'x1' })
  await publish(SUBJECT, { ...json, ...inHeaders(attributes('5')) }, { id: 7 })
  await publish(SUBJECT, {}, { ...attributes('6'), type: 'acme.thing.happened', data: { id: 'x1' } })
  await eventually(5_000, 'all to be judged', async () => {
    const now = await dropped()
    return (now['data-unfit'] ?? 0) > (before['data-unfit'] ?? 0)
  })
  const now = await dropped()
  const counted = Object.fromEntries(Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)]))
  t.strictSame(counted, { 'not-an-event': 3, 'tenant-differs': 2, 'data-unfit': 1 })
  await rig.changeNote('acme', 'last')
  await rig.changeNote('globex', 'last')
  for (const [at, stream] of [acme, globex].entries()) {
    await stream.next(({ params }) => params?.uri === 'notes://notes/last', 5_000)
    const uris = stream.messages.filter(updated).map(({ params }) => params?.uri)
    t.notOk(uris.includes('notes://notes/x1'))
    t.ok(uris.length <= Number(told[at]) + 3, 'the one change and what the window had')
  }
})
