import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { LoggingMessageNotificationSchema, ProgressNotificationSchema } from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { listenOn } from '../testing/listening.ts'
import { openParts, openRig, PROFILE } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { META, modern, modernRequest, post } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'
interface Notice {
  readonly method?: string
  readonly params: Record<string, unknown>
  readonly result?: unknown
  readonly error?: { readonly code: number }
}

test('notifications of a request', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()

  /** One call over a socket: its media type, and its messages in order. */
  const call = async (name: string, given: object, meta: object, accept = 'application/json, text/event-stream') => {
    const { headers, body } = modernRequest('tools/call', { name, arguments: given }, 'call-1')
    const asking = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/mcp',
      headers: {
        ...headers,
        host: 'mcp.example',
        'content-type': 'application/json',
        accept,
        authorization: `Bearer ${token}`,
      },
    })
    asking.end(JSON.stringify({ ...body, params: { ...body.params, _meta: { ...META, ...meta } } }))
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const type = response.headers['content-type']
    const jsons =
      type === 'text/event-stream' ? text.split('\n\n').flatMap((frame) => frame.split('data: ').slice(1)) : [text]
    return {
      type,
      status: response.statusCode,
      headers: response.headers,
      text,
      messages: jsons.map((json) => JSON.parse(json) as Notice),
    }
  }

  await suite.test(
    'progress goes on the answer itself, grows, carries its token, and the result ends the stream [S-PO-01, S-PO-02, S-PO-03, S-PO-05, S-TR-16]',
    async (t) => {
      for (const progressToken of ['p-1', 7, 0]) {
        const { type, messages, headers, text } = await call('steps', { count: 3 }, { progressToken })
        t.equal(type, 'text/event-stream')
        t.equal(headers['x-accel-buffering'], 'no')
        const progress = messages.slice(0, -1)
        t.same(
          progress.map(({ params }) => [params.progress, params.progressToken, params.total]),
          [1, 2, 3].map((n) => [n, progressToken, 3]),
        )
        t.ok(progress.every((one) => ProgressNotificationSchema.safeParse(one).success))
        t.match(messages.at(-1), { id: 'call-1', result: { resultType: 'complete' } })
        t.notMatch(text, /^id:/m, 'nothing to be resumed')
      }
    },
  )

  await suite.test(
    'a thousand steps do not become a thousand messages, and the last is told [S-PO-04, S-LG-06]',
    async (t) => {
      const { messages } = await call('steps', { count: 1_000 }, { progressToken: 1, [LOG_LEVEL]: 'debug' })
      t.ok(messages.length < 200, String(messages.length))
      const progress = messages.filter(({ method }) => method === 'notifications/progress')
      t.equal(progress.at(-1)?.params.progress, 1_000)
    },
  )

  await suite.test(
    'without a token or a level, or for a client that takes no stream, the answer is JSON [S-PO-01, S-LG-01]',
    async (t) => {
      t.match((await call('steps', { count: 2 }, {})).type, /^application\/json/)
      const plain = await call('steps', { count: 2 }, { progressToken: 1, [LOG_LEVEL]: 'debug' }, 'application/json')
      t.match(plain.type, /^application\/json/)
      t.match(plain.messages[0], { result: { content: [{ text: 'done' }] } })
    },
  )

  await suite.test(
    'log messages are those at or above the level of the request, and the server has said that it logs [S-LG-02, S-LG-03, S-LG-04, S-TR-14]',
    async (t) => {
      t.same((await modern(rig, token, 'server/discover')).body.result.capabilities.logging, {})
      const { messages } = await call('steps', { count: 4 }, { [LOG_LEVEL]: 'info' })
      const logs = messages.slice(0, -1)
      t.same(
        logs.map(({ method, params }) => [method, params.level, params.logger, params.data]),
        [
          ['notifications/message', 'warning', 'steps', { done: 1 }],
          ['notifications/message', 'warning', 'steps', { done: 3 }],
        ],
      )
      t.ok(logs.every((one) => LoggingMessageNotificationSchema.safeParse(one).success))
      t.match((await call('steps', { count: 4 }, { [LOG_LEVEL]: 'emergency' })).type, /^application\/json/)
      for (const level of ['loud', 5, null]) {
        t.equal((await call('steps', { count: 1 }, { [LOG_LEVEL]: level })).messages[0]?.error?.code, -32_602)
      }
      for (const progressToken of ['x'.repeat(257), {}, null, true]) {
        t.equal((await call('steps', { count: 1 }, { progressToken })).messages[0]?.error?.code, -32_602)
      }
    },
  )

  await suite.test(
    'a deployment that does not log declares no logging, and sends no message to who asks for some',
    async (t) => {
      const silent = await openRig(parts, {
        catalogs: [TALKS],
        profile: { ...PROFILE, server: { ...PROFILE.server, logging: false } },
      })
      t.teardown(() => silent.close())
      t.notOk((await modern(silent, token, 'server/discover')).body.result.capabilities.logging)
      const { headers, body: asked } = modernRequest('tools/call', { name: 'steps', arguments: { count: 4 } })
      const params = { ...asked.params, _meta: { ...META, [LOG_LEVEL]: 'debug' } }
      const { status, body } = await post(silent, token, { ...asked, params }, headers)
      t.match([status, body.result.content], [200, [{ text: 'done' }]])
    },
  )

  await suite.test(
    'calls side by side hear of themselves alone, and no question stands on a stream [S-TR-14, S-TR-15, S-BP-02]',
    async (t) => {
      const answers = await Promise.all(
        ['a', 'b', 'c'].map((progressToken) => call('steps', { count: 5 }, { progressToken })),
      )
      answers.forEach(({ messages }, at) => {
        t.ok(messages.slice(0, -1).every(({ params }) => params.progressToken === 'abc'[at]))
      })
      const asked = await call(
        'greet',
        {},
        { progressToken: 1, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } },
      )
      t.ok(asked.messages.every(({ method }) => method === undefined || method.startsWith('notifications/')))
      t.match(asked.messages.at(-1), { result: { resultType: 'input_required' } })
    },
  )

  await suite.test('a refusal before the first notification keeps its status [S-AU-29]', async (t) => {
    const { status } = await call('greet', {}, { progressToken: 1 })
    t.equal(status, 400, 'a missing capability')
  })

  await suite.test(
    'tools stand on one page by default, and unfinished clients leave nothing behind [S-PG-06]',
    async (t) => {
      t.notOk('nextCursor' in (await modern(rig, token, 'tools/list')).body.result)
    },
  )
})
