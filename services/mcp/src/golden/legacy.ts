import type { Listening, Sent } from './exchange.ts'
import type { Beside, Script } from './script.ts'

const CLIENT = {
  clientInfo: { name: 'golden', version: '1.0.0' },
  capabilities: { elicitation: {}, sampling: {}, roots: {} },
}

/** Every method of a session, and every way to be refused. */
export async function legacyScript(script: Script, revision: string, beside: Beside): Promise<void> {
  let id = 0
  let session: Readonly<Record<string, string>> = {}
  const post = (method: string, params?: unknown, headers: Readonly<Record<string, string>> = session): Sent => {
    id += 1
    return {
      method: 'POST',
      headers,
      body: { jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) },
    }
  }
  const send = (title: string, method: string, params?: unknown, listening?: Listening) =>
    script.say(method.replaceAll('/', '-'), title, post(method, params), listening)
  const call = (title: string, name: string, args: unknown = {}, more = {}, listening?: Listening) =>
    send(title, 'tools/call', { name, arguments: args, ...more }, listening)

  const hello = await send('a session begins', 'initialize', { protocolVersion: revision, ...CLIENT })
  await send('a revision that nobody knows', 'initialize', { protocolVersion: '1999-01-01', ...CLIENT })
  await send('without a revision', 'initialize', CLIENT)
  await script.say('initialize', 'without a credential', post('initialize', {}, { authorization: '' }))
  session = { 'mcp-session-id': hello.headers['mcp-session-id'] ?? '', 'mcp-protocol-version': revision }
  const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }
  await script.say('initialize', 'the client is ready', { method: 'POST', headers: session, body: initialized })

  await send('nothing but that it lives', 'ping')
  await send('every tool', 'tools/list')
  await call('text', 'test_simple_text')
  await call('a picture', 'test_image_content')
  await call('a recording', 'test_audio_content')
  await call('several blocks', 'test_multiple_content_types')
  await call('a failure that the model can read', 'test_error_handling')
  await call('no such tool', 'test_nothing')
  await call('arguments that do not fit', 'greet', { name: 1 })
  await call('a scope that is missing', 'test_step_up')
  await call('progress on the answer', 'test_tool_with_progress', {}, { _meta: { progressToken: 'p1' } })
  const asked = (question: Question) => asksOnTheAnswer(script, call, session, question)
  if (revision !== '2025-03-26') await asked(ELICITATION)
  await asked(SAMPLING)
  await asked(ROOTS)
  await cancels(script, session)

  await send('every resource', 'resources/list')
  await send('every template', 'resources/templates/list')
  await send('text', 'resources/read', { uri: 'test://static-text' })
  await send('bytes', 'resources/read', { uri: 'test://static-binary' })
  await send('one that is not there', 'resources/read', { uri: 'test://nothing' })
  await send('one that changes', 'resources/subscribe', { uri: 'test://watched-resource' })
  await send('one that is not there', 'resources/subscribe', { uri: 'test://nothing' })
  await send('one that changes', 'resources/unsubscribe', { uri: 'test://watched-resource' })
  await standing(script, send, session, beside)
  await send('every prompt', 'prompts/list')
  await send('with arguments', 'prompts/get', {
    name: 'test_prompt_with_arguments',
    arguments: { arg1: 'a', arg2: 'b' },
  })
  await send('without its arguments', 'prompts/get', { name: 'test_prompt_with_arguments' })
  const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' }
  await send('an argument of a prompt', 'completion/complete', { ref, argument: { name: 'arg1', value: 'test' } })
  await send('a level', 'logging/setLevel', { level: 'info' })
  await send('no level', 'logging/setLevel', { level: 'loud' })
  await call('log messages on the answer', 'test_tool_with_logging')
  await send('not of this revision', 'server/discover')
  await send('nobody knows it', 'unknown/method')

  await script.say('transport', 'no JSON', { method: 'POST', headers: session, body: '{' })
  await script.say('transport', 'no session', post('ping', undefined, { 'mcp-protocol-version': revision }))
  await script.say(
    'transport',
    'a session that is none',
    post('ping', undefined, { ...session, 'mcp-session-id': 'none' }),
  )
  await script.say(
    'transport',
    'another revision',
    post('ping', undefined, { ...session, 'mcp-protocol-version': '1999-01-01' }),
  )
  const both = [post('ping').body, post('tools/call', { name: 'test_simple_text', arguments: {} }).body]
  await script.say('transport', 'a batch', { method: 'POST', headers: session, body: both })
  await script.say('session-end', 'the session ends', { method: 'DELETE', headers: session })
  await script.say('session-end', 'it has ended', post('ping'))
}

type Headers = Sent['headers']
type Send = (title: string, method: string, params?: unknown) => Promise<unknown>
type Call = (title: string, name: string, args: unknown, more: object, listening: Listening) => Promise<unknown>

interface Question {
  readonly method: string
  readonly tool: string
  readonly args: unknown
  readonly result: unknown
}

const ELICITATION: Question = {
  method: 'elicitation/create',
  tool: 'test_elicitation',
  args: { message: 'Who?' },
  result: { action: 'accept', content: { username: 'ada', email: 'ada@acme.test' } },
}
const SAMPLING: Question = {
  method: 'sampling/createMessage',
  tool: 'test_sampling',
  args: { prompt: 'Say something' },
  result: { role: 'assistant', content: { type: 'text', text: 'Something' }, model: 'a-model', stopReason: 'endTurn' },
}
const ROOTS: Question = {
  method: 'roots/list',
  tool: 'test_input_required_result_list_roots',
  args: {},
  result: { roots: [{ uri: 'file:///home/ada', name: 'Home' }] },
}

const idOf = (text: string, method: string): unknown => {
  const found = new RegExp(`"id":("[^"]+"|\\d+),"method":"${method}"`).exec(text)?.[1]
  return found === undefined ? undefined : JSON.parse(found)
}

/** A question on the answer of a call; the client answers it with a request of its own. */
async function asksOnTheAnswer(script: Script, call: Call, headers: Headers, question: Question): Promise<void> {
  let answered = false
  const heard = async (text: string) => {
    const id = idOf(text, question.method)
    if (answered || id === undefined) return
    answered = true
    const body = { jsonrpc: '2.0', id, result: question.result }
    await script.say(question.method.replaceAll('/', '-'), 'its answer', { method: 'POST', headers, body })
  }
  await call(`a question on the answer, ${question.method}`, question.tool, question.args, {}, { heard })
}

/** A call that is cancelled while it waits for its client has no answer. */
async function cancels(script: Script, headers: Headers): Promise<void> {
  const requestId = 1_000
  let cancelled = false
  const heard = async (text: string) => {
    if (cancelled || idOf(text, SAMPLING.method) === undefined) return
    cancelled = true
    const body = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId, reason: 'No longer needed' },
    }
    await script.say('cancelled', 'a call is given up', { method: 'POST', headers, body })
  }
  const body = {
    jsonrpc: '2.0',
    id: requestId,
    method: 'tools/call',
    params: { name: SAMPLING.tool, arguments: SAMPLING.args },
  }
  await script.say('cancelled', 'it is not answered', { method: 'POST', headers, body }, { heard })
}

/** The stream that tells of changes, broken off and taken up again. */
async function standing(script: Script, send: Send, headers: Headers, beside: Beside): Promise<void> {
  const path = 'watched-resource'
  const updated = (text: string): boolean => text.includes('notifications/resources/updated')
  let last = ''
  const open = async (title: string, enough: (text: string) => boolean, more: Headers, opened: () => unknown) => {
    const get: Sent = { method: 'GET', headers: { ...headers, ...more, accept: 'text/event-stream' } }
    const { text } = await script.say('stream', title, get, { opened, enough })
    last = [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? ''
  }
  const touch = () => beside.touch(path)
  await send('before the stream', 'resources/subscribe', { uri: `test://${path}` })
  await open('a change is told', updated, {}, touch)
  await touch()
  await open('taken up again where it was, after another', updated, { 'last-event-id': last }, () => undefined)
  const lists = (text: string): boolean => text.includes('notifications/tools/list_changed')
  await open('another list is told', lists, {}, () => beside.changeList('tools'))
  await send('after the stream', 'resources/unsubscribe', { uri: `test://${path}` })
}
