import type { Heard, Sent } from './exchange.ts'

/** What differs from run to run, and what stands for it. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>'],
  [/("requestState":)"[^"]+"/g, '$1"<state>"'],
  [/("taskId":)"[\w-]{32}"/g, '$1"<task>"'],
  [/^(mcp-name: )[\w-]{32}$/gm, '$1<task>'],
  [/^(mcp-session-id: ).*$/gm, '$1<session>'],
  [/(sessionId=)[\w-]{20,}/g, '$1<session>'],
  [/^(last-event-id: ).*$/gm, '$1<event>'],
  [/^(retry-after: )\d+$/gm, '$1<seconds>'],
  [/(Wait )\d+( s\.","data":\{"retryAfterSeconds":)\d+/g, '$1<n>$2<n>'],
  [/("requestId":)"[^"]{12,}"/g, '$1"<request>"'],
  [/^id: .+$/gm, 'id: <event>'],
  // Comes by the clock, not by what was asked.
  [/^: keep-alive\r?\n\r?\n/gm, ''],
  [/Bearer ey[\w.-]+/g, 'Bearer <token>'],
  // Of a question that a server asks by itself.
  [/("jsonrpc":"2.0","id":)"[^"]+"(,"method")/g, '$1"<question>"$2'],
  [/("jsonrpc":"2.0","id":)"[^"]+"(,"result":\{"(?:action|role|roots)")/g, '$1"<question>"$2'],
  [/("progressToken":)"[^"]{12,}"/g, '$1"<question>"'],
]

const steady = (text: string): string => CHANGING.reduce((kept, [from, to]) => kept.replaceAll(from, to), text)

const marked = (mark: string, text: string): string => text.replaceAll(/^/gm, `${mark} `).replaceAll(/ $/gm, '')

const headersOf = (headers: Readonly<Record<string, string>>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

/** One request and its answer as they went over the wire, what changes replaced by its name. */
export function blockOf(title: string, { method, path = '/mcp', headers, body }: Sent, heard: Heard): string {
  const payload = body === undefined ? [] : ['', typeof body === 'string' ? body : JSON.stringify(body)]
  const sent = [`${method} ${path}`, ...headersOf(headers), ...payload].join('\n')
  const got = [`${heard.status}`, ...headersOf(heard.headers), ...(heard.text === '' ? [] : ['', heard.text])].join(
    '\n',
  )
  return `### ${title}\n\n${marked('>', steady(sent))}\n\n${marked('<', steady(got))}\n`
}
