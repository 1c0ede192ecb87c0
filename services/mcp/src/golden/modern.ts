import type { Listening } from './exchange.ts'
import type { Beside, Script } from './script.ts'

const VERSION = '2026-07-28'
const EXTENSION = 'io.modelcontextprotocol/tasks'
const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} }

interface More {
  readonly capabilities?: Readonly<Record<string, unknown>>
  readonly meta?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly listening?: Listening
}

/** Every method of 2026-07-28, and every way to be refused. */
export async function modernScript(script: Script, beside: Beside): Promise<void> {
  let id = 0
  const send = (title: string, method: string, params: Readonly<Record<string, unknown>> = {}, more: More = {}) => {
    id += 1
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientInfo': { name: 'golden', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': more.capabilities ?? CAPABILITIES,
      ...more.meta,
    }
    const name = params.name ?? params.uri ?? params.taskId
    const headers = {
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...more.headers,
    }
    const body = { jsonrpc: '2.0', id, method, params: { ...params, _meta } }
    return script.say(method.replaceAll('/', '-'), title, { method: 'POST', headers, body }, more.listening)
  }
  const call = (title: string, name: string, args: unknown = {}, more: More = {}, again = {}) =>
    send(title, 'tools/call', { name, arguments: args, ...again }, more)

  await send('what the server can do', 'server/discover')
  await send(
    'without client information',
    'server/discover',
    {},
    { meta: { 'io.modelcontextprotocol/clientInfo': undefined } },
  )
  await send(
    'without capabilities',
    'server/discover',
    {},
    { meta: { 'io.modelcontextprotocol/clientCapabilities': undefined } },
  )
  const far = 'v999.0.0'
  await send(
    'an unknown revision',
    'server/discover',
    {},
    {
      meta: { 'io.modelcontextprotocol/protocolVersion': far },
      headers: { 'mcp-protocol-version': far },
    },
  )
  await send(
    'another revision in the header',
    'server/discover',
    {},
    {
      meta: { 'io.modelcontextprotocol/protocolVersion': far },
    },
  )
  await send('another method in the header', 'server/discover', {}, { headers: { 'mcp-method': 'tools/list' } })
  await send('without a credential', 'server/discover', {}, { headers: { authorization: '' } })
  await send('a client that takes no JSON', 'server/discover', {}, { headers: { accept: 'text/html' } })

  await send('every tool', 'tools/list')
  await send('a cursor that is none', 'tools/list', { cursor: 'x' })
  await call('text', 'test_simple_text')
  await call('a picture', 'test_image_content')
  await call('a recording', 'test_audio_content')
  await call('several blocks', 'test_multiple_content_types')
  await call('a failure that the model can read', 'test_error_handling')
  await call('no such tool', 'test_nothing')
  await call('arguments that do not fit', 'greet', { name: 1 })
  await call('without the header of its name', 'test_simple_text', {}, { headers: { 'mcp-name': '' } })
  await call(
    'an argument that a header repeats',
    'test_x_mcp_header',
    { region: 'eu' },
    { headers: { 'mcp-param-region': 'eu' } },
  )
  await call(
    'an argument that its header contradicts',
    'test_x_mcp_header',
    { region: 'eu' },
    { headers: { 'mcp-param-region': 'us' } },
  )
  await call('progress on the answer', 'test_tool_with_progress', {}, { meta: { progressToken: 'p1' } })
  await call(
    'log messages on the answer',
    'test_tool_with_logging',
    {},
    { meta: { 'io.modelcontextprotocol/logLevel': 'info' } },
  )
  await call('a client that cannot be asked', 'test_missing_capability', {}, { capabilities: {} })
  await call('a scope that is missing', 'test_step_up')
  const asked = await call('a question', 'test_input_required_result_elicitation')
  const { requestState } = asked.message.result
  const inputResponses = { user_name: { action: 'accept', content: { name: 'Ada' } } }
  await call('its answer', 'test_input_required_result_elicitation', {}, {}, { inputResponses, requestState })
  await call(
    'a state that was changed',
    'test_input_required_result_elicitation',
    {},
    {},
    {
      inputResponses,
      requestState: `${requestState}-`,
    },
  )

  await send('every resource', 'resources/list')
  await send('every template', 'resources/templates/list')
  await send('text', 'resources/read', { uri: 'test://static-text' })
  await send('bytes', 'resources/read', { uri: 'test://static-binary' })
  await send('by a template', 'resources/read', { uri: 'test://template/123/data' })
  await send('one that is not there', 'resources/read', { uri: 'test://nothing' })

  await send('every prompt', 'prompts/list')
  await send('with arguments', 'prompts/get', {
    name: 'test_prompt_with_arguments',
    arguments: { arg1: 'a', arg2: 'b' },
  })
  await send('without its arguments', 'prompts/get', { name: 'test_prompt_with_arguments' })
  await send('a picture', 'prompts/get', { name: 'test_prompt_with_image' })
  await send('no such prompt', 'prompts/get', { name: 'test_nothing' })

  const argument = { name: 'arg1', value: 'test' }
  await send('an argument of a prompt', 'completion/complete', {
    ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
    argument,
  })
  await send('a variable of a template', 'completion/complete', {
    ref: { type: 'ref/resource', uri: 'test://template/{id}/data' },
    argument: { name: 'id', value: '1' },
  })
  await send('of nothing', 'completion/complete', { ref: { type: 'ref/prompt', name: 'test_nothing' }, argument })

  const acknowledged = { listening: { enough: (text: string) => text.includes('acknowledged') } }
  const notifications = { toolsListChanged: true, resourceSubscriptions: ['test://watched-resource', 'test://nothing'] }
  await send('what is granted of what is asked', 'subscriptions/listen', { notifications }, acknowledged)
  await told(
    (listening) => send('a change is told', 'subscriptions/listen', { notifications }, { listening }),
    () => beside.touch('watched-resource'),
    'notifications/resources/updated',
  )
  await told(
    (listening) => {
      const lists = { notifications: { toolsListChanged: true } }
      return send('another list is told', 'subscriptions/listen', lists, { listening })
    },
    () => beside.changeList('tools'),
    'notifications/tools/list_changed',
  )
  await send('nothing asked', 'subscriptions/listen', {})

  const tasks = { capabilities: { ...CAPABILITIES, extensions: { [EXTENSION]: {} } } }
  const made = await call('a task', 'confirm_delete', { filename: 'a.txt' }, tasks)
  const { taskId } = made.message.result
  await send('one of nobody', 'tasks/get', { taskId: 'nobody' }, tasks)
  await send('by a client without the extension', 'tasks/get', { taskId })
  await send('by the name of another', 'tasks/get', { taskId }, { ...tasks, headers: { 'mcp-name': 'other' } })
  await send('an answer to nothing asked', 'tasks/update', { taskId, inputResponses: {} }, tasks)
  await send('stops it', 'tasks/cancel', { taskId }, tasks)
  await send('stops it again', 'tasks/cancel', { taskId }, tasks)
  await send('was in an earlier revision', 'tasks/list', {}, tasks)

  for (const method of ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'unknown/method']) {
    await send('not of this revision', method)
  }
  const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/list' }
  await script.say('transport', 'no JSON', { method: 'POST', headers, body: '{' })
  await script.say('transport', 'no request', { method: 'POST', headers, body: [] })
  await script.say('transport', 'another type', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/plain' },
    body: '{}',
  })
  await script.say('transport', 'another method', { method: 'GET', headers })
  await script.say('transport', 'another host', {
    method: 'POST',
    headers: { ...headers, host: 'evil.example' },
    body: {},
  })
  await script.say('transport', 'another origin', {
    method: 'POST',
    headers: { ...headers, origin: 'https://evil.example' },
    body: {},
  })

  const doors: readonly (readonly [string, string])[] = [
    ['a workspace that is suspended', 'late'],
    ['a workspace without MCP', 'quiet'],
  ]
  const discover = { ...modernBody('server/discover'), headers: { ...headers, 'mcp-method': 'server/discover' } }
  for (const [title, tenant] of doors) {
    const authorization = `Bearer ${await beside.tokenOf(tenant)}`
    await script.say('transport', title, { ...discover, headers: { ...discover.headers, authorization } })
  }
  const authorization = `Bearer ${await beside.tokenOf('acme')}`
  const busy = { ...discover, headers: { ...discover.headers, authorization }, port: beside.limitedPort }
  await script.say('transport', 'the one request of a minute', busy)
  await script.say('transport', 'one more than the limit', busy)
}

const modernBody = (method: string) => ({
  method: 'POST' as const,
  body: {
    jsonrpc: '2.0',
    id: 1_000,
    method,
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': VERSION,
        'io.modelcontextprotocol/clientInfo': { name: 'golden', version: '1.0.0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  },
})

/** Listens, lets something happen once that is acknowledged, and goes when it was told. */
async function told(
  listen: (listening: Listening) => Promise<unknown>,
  happens: () => Promise<unknown>,
  notification: string,
): Promise<void> {
  let happened = false
  await listen({
    async heard(text) {
      if (happened || !text.includes('acknowledged')) return
      happened = true
      await happens()
    },
    enough: (text) => text.includes(notification),
  })
}
