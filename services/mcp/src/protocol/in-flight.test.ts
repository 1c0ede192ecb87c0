import { randomInt } from 'node:crypto'
import { t as file, test } from 'tap'
import { openLegacy, postTo, urlOf } from '../testing/legacy-client.ts'
import { listenOn } from '../testing/listening.ts'
import { bytesOf, openRaw } from '../testing/raw-client.ts'
import { ORIGIN, openParts, openRig, PROFILE, SSE_PATHS, SSE_RESOURCE } from '../testing/rig.ts'
import { hear } from '../testing/sse-client.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { modernRequest } from '../testing/wire.ts'

const HOST = new URL(ORIGIN).host
const COUNT = 300
const parts = await openParts()
const profile = { ...PROFILE, paths: { ...PROFILE.paths, ...SSE_PATHS } }
const rig = await openRig(parts, { profile, catalogs: [TALKS] })
const port = await listenOn(rig)
file.teardown(async () => {
  await rig.close()
  await parts.close()
})

/** Requests of different kinds and lengths of work, each of which says in its answer which one it was. */
const asking = (at: number): [method: string, params: Record<string, unknown>] =>
  at % 3 === 0
    ? ['prompts/get', { name: 'review', arguments: { note: `n${at}` } }]
    : at % 3 === 1
      ? [
          'completion/complete',
          {
            ref: { type: 'ref/resource', uri: 'notes://secrets/{room}/{id}' },
            argument: { name: 'id', value: `n${at}` },
          },
        ]
      : ['tools/call', { name: 'steps', arguments: { count: randomInt(20) }, nothing: `n${at}` }]

/** Which one an answer is for, by what it says; `undefined` for those that say nothing of it. */
const saidBy = (result: unknown): number | undefined => {
  const found = /Review n(\d+),|any-n(\d+)-0/.exec(JSON.stringify(result))
  return found === null ? undefined : Number(found[1] ?? found[2])
}

const idOf = (at: number): string | number => (at % 2 === 0 ? at : `id ${at}`)

interface Answered {
  readonly id: string | number
  readonly result: unknown
}

const faultsOf = (answers: readonly Answered[]): readonly unknown[] => [
  ...Array.from({ length: COUNT }, (_, at) => idOf(at)).filter(
    (id) => answers.filter((answer) => answer.id === id).length !== 1,
  ),
  ...answers.filter(({ id, result }) => {
    const at = saidBy(result)
    return result === undefined || (at !== undefined && idOf(at) !== id)
  }),
]

test('requests that are sent one after the other over one connection are answered each, in their order; none has to be the first [S-BP-12, S-VD-04]', async (t) => {
  const token = await rig.token()
  const { socket, closed } = openRaw(port)
  let text = ''
  socket.setEncoding('utf8')
  const all = new Promise<void>((resolve) => {
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.split('HTTP/1.1 ').length - 1 === COUNT && text.endsWith('}')) resolve()
    })
  })
  const requests = Array.from({ length: COUNT }, (_, at) => {
    const [method, params] = asking(at)
    const { headers, body } = modernRequest(method, params, idOf(at))
    const common = { host: HOST, authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    return bytesOf({
      method: 'POST',
      path: '/mcp',
      headers: Object.entries({ ...common, accept: 'application/json, text/event-stream', ...headers }),
      body: Buffer.from(JSON.stringify(body)),
    })
  })
  socket.write(Buffer.concat(requests))
  await all
  const answers: Answered[] = text
    .split('HTTP/1.1 200 OK')
    .slice(1)
    .map((answer) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)))
  t.same(
    answers.map(({ id }) => id),
    Array.from({ length: COUNT }, (_, at) => idOf(at)),
  )
  t.same(faultsOf(answers), [])
  socket.destroy()
  await closed
})

test('two clients that use the same ids at the same time get each their own answers [S-BP-02, S-BP-12]', async (t) => {
  const tokens = [await rig.token({ sub: 'person1' }), await rig.token({ sub: 'person2' })]
  const ask = async (token: string, at: number, note: string): Promise<string> => {
    const { headers, body } = modernRequest('prompts/get', { name: 'review', arguments: { note } }, at)
    return (await postTo(rig, token, body, headers)).body
  }
  const answers = await Promise.all(
    tokens.flatMap((token, who) =>
      Array.from({ length: 50 }, async (_, at) => {
        const answer = JSON.parse(await ask(token, at, `p${who}n${at}`))
        return answer.id === at && answer.result.messages[0].content.text.startsWith(`Review p${who}n${at},`)
      }),
    ),
  )
  t.equal(answers.filter(Boolean).length, 100)
})

test('many requests of one session at once, some of which ask or tell something first, are answered each', async (t) => {
  const client = await openLegacy(rig, await rig.token())
  const answers = await Promise.all(
    Array.from({ length: COUNT }, async (_, at): Promise<Answered> => {
      const [method, params] = asking(at)
      const more = at % 5 === 0 ? { _meta: { progressToken: at } } : {}
      const answer = await client.request(rig, idOf(at), method, { ...params, ...more })
      const streams = String(answer.headers['content-type']).startsWith('text/event-stream')
      if (!streams) return JSON.parse(await answer.body)
      await answer.body
      t.ok(
        answer.events.every(({ json }) => json?.params === undefined || json.params.progressToken === at),
        'nothing of another request',
      )
      return answer.events.at(-1)?.json
    }),
  )
  t.same(faultsOf(answers), [])
})

test('many messages at once on one stream of HTTP+SSE are answered each, and only once', async (t) => {
  const headers = { host: HOST, authorization: `Bearer ${await rig.token({ aud: SSE_RESOURCE })}` }
  const { origin } = new URL(urlOf(rig))
  const stream = await hear(`${origin}${SSE_PATHS.sse}`, { headers })
  const { data: path } = await stream.next(({ event }) => event === 'endpoint')
  const statuses = await Promise.all(
    Array.from({ length: COUNT }, async (_, at) => {
      const [method, params] = asking(at)
      const body = { jsonrpc: '2.0', id: idOf(at), method, params }
      const taken = await hear(`${origin}${path}`, {
        method: 'POST',
        body,
        headers: { ...headers, 'content-type': 'application/json' },
      })
      return taken.status
    }),
  )
  t.ok(statuses.every((status) => status === 202))
  while (stream.events.filter(({ json }) => json !== undefined).length < COUNT) await stream.next(() => true)
  t.same(faultsOf(stream.events.flatMap(({ json }) => (json === undefined ? [] : [json]))), [])
  stream.leave()
})
