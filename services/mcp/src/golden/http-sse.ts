import type { Beside, Script } from './script.ts'

const REVISION = '2024-11-05'
const CLIENT = { clientInfo: { name: 'golden', version: '1.0.0' }, capabilities: {} }
/** The id of the last request: what is said after its answer is not waited for. */
const LAST = 99

/** HTTP+SSE: what is posted is answered on the stream, which is kept as one answer. */
export async function httpSseScript(script: Script, beside: Beside): Promise<void> {
  let seen = ''
  let look: () => void = () => undefined
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (fits()) resolve()
      }
      look()
    })
  const stream = script.say(
    'stream',
    'the address to post to, then every answer',
    { method: 'GET', path: '/mcp/sse', headers: { accept: 'text/event-stream' } },
    {
      heard: (text) => {
        seen = text
        look()
      },
      enough: (text) => text.includes(`"id":${LAST},`),
    },
  )
  await until(() => seen.includes('event: endpoint'))
  const path = /^data: (\S+)$/m.exec(seen)?.[1] ?? ''
  const post = (title: string, body: unknown, at = path, headers = {}) =>
    script.say('messages', title, { method: 'POST', path: at, headers, body })
  let id = 0
  const send = async (title: string, method: string, params?: unknown, as = ++id) => {
    await post(title, { jsonrpc: '2.0', id: as, method, ...(params === undefined ? {} : { params }) })
    // One after the other, so that the stream has them in this order.
    await until(() => seen.includes(`"id":${as},`))
  }

  await send('a client introduces itself', 'initialize', { protocolVersion: REVISION, ...CLIENT })
  await post('it is ready', { jsonrpc: '2.0', method: 'notifications/initialized' })
  await send('nothing but that it lives', 'ping')
  await send('every tool', 'tools/list')
  await send('text', 'tools/call', { name: 'test_simple_text', arguments: {} })
  await send('a picture', 'tools/call', { name: 'test_image_content', arguments: {} })
  await send('a recording', 'tools/call', { name: 'test_audio_content', arguments: {} })
  await send('a failure that the model can read', 'tools/call', { name: 'test_error_handling', arguments: {} })
  await send('no such tool', 'tools/call', { name: 'test_nothing', arguments: {} })
  await send('every resource', 'resources/list')
  await send('every template', 'resources/templates/list')
  await send('text', 'resources/read', { uri: 'test://static-text' })
  await send('one that is not there', 'resources/read', { uri: 'test://nothing' })
  await send('one that changes', 'resources/subscribe', { uri: 'test://watched-resource' })
  await beside.touch('watched-resource')
  await until(() => seen.includes('notifications/resources/updated'))
  await send('one that changes', 'resources/unsubscribe', { uri: 'test://watched-resource' })
  await send('every prompt', 'prompts/list')
  await send('a prompt', 'prompts/get', { name: 'test_simple_prompt' })
  const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' }
  await send('suggestions', 'completion/complete', { ref, argument: { name: 'arg1', value: 'test' } })
  await send('a level', 'logging/setLevel', { level: 'info' })
  await send('log messages', 'tools/call', { name: 'test_tool_with_logging', arguments: {} })
  await send('nobody knows it', 'unknown/method')

  const call = { jsonrpc: '2.0', id: 50, method: 'tools/call', params: { name: 'test_step_up', arguments: {} } }
  await post('a scope that is missing', call)
  await post('no JSON', '{')
  await post('without a credential', {}, path, { authorization: '' })
  await post('a stream that is none', {}, '/mcp/messages?sessionId=none')
  await post('no stream named', {}, '/mcp/messages')
  await send('the last', 'ping', undefined, LAST)
  await stream
}
