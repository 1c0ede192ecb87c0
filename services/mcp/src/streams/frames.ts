import type { ListName } from '@gatehouse/catalog'
import type { RequestId } from '../errors.ts'

/** Headers of every SSE answer: nothing on the way may buffer, change or keep it. */
export const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  connection: 'keep-alive',
} as const

export const KEEP_ALIVE = ': keep-alive\n\n'

const frame = (json: string): string => `event: message\ndata: ${json}\n\n`

/** The frames of one `subscriptions/listen` stream; all carry the id of its request. */
export interface Frames {
  acknowledged(uris: readonly string[] | undefined, lists: Iterable<ListName>, tasks?: readonly string[]): string
  listChanged(list: ListName): string
  updated(uri: string): string
  /** `members` are those of a `DetailedTask`, as JSON text without braces. */
  task(members: string): string
  /** The answer to the request: it ends the stream gracefully. */
  completed(): string
}

export function framesOf(id: RequestId, serverInfo: unknown): Frames {
  const key = 'io.modelcontextprotocol/subscriptionId'
  const meta = `"_meta":${JSON.stringify({ [key]: id })}`
  const updated = `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{${meta},"uri":`
  return {
    acknowledged: (uris, lists, tasks) => {
      const switches = Object.fromEntries([...lists].map((list) => [`${list}ListChanged`, true]))
      const notifications = JSON.stringify({
        ...switches,
        ...(uris === undefined ? {} : { resourceSubscriptions: uris }),
        ...(tasks === undefined ? {} : { taskIds: tasks }),
      })
      return frame(
        `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{${meta},"notifications":${notifications}}}`,
      )
    },
    listChanged: (list) => frame(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed","params":{${meta}}}`),
    task: (members) => frame(`{"jsonrpc":"2.0","method":"notifications/tasks","params":{${meta},${members}}}`),
    updated: (uri) => `${updated}${JSON.stringify(uri)}}}\n\n`,
    completed: () =>
      frame(
        JSON.stringify({
          jsonrpc: '2.0',
          id,
          result: {
            resultType: 'complete',
            _meta: { [key]: id, 'io.modelcontextprotocol/serverInfo': serverInfo },
          },
        }),
      ),
  }
}
