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

const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'

/** The frames of one `subscriptions/listen` stream; all carry the id of its request. */
export class Frames {
  readonly #id: RequestId
  readonly #serverInfo: unknown

  constructor(id: RequestId, serverInfo: unknown) {
    this.#id = id
    this.#serverInfo = serverInfo
  }

  acknowledged(uris: readonly string[] | undefined, lists: Iterable<ListName>, tasks?: readonly string[]): string {
    const switches = Object.fromEntries([...lists].map((list) => [`${list}ListChanged`, true]))
    const notifications = JSON.stringify({
      ...switches,
      ...(uris === undefined ? {} : { resourceSubscriptions: uris }),
      ...(tasks === undefined ? {} : { taskIds: tasks }),
    })
    return this.#notification('subscriptions/acknowledged', `,"notifications":${notifications}`)
  }

  listChanged(list: ListName): string {
    return this.#notification(`${list}/list_changed`, '')
  }

  updated(uri: string): string {
    return this.#notification('resources/updated', `,"uri":${JSON.stringify(uri)}`)
  }

  /** @param members those of a `DetailedTask`, as JSON text without braces */
  task(members: string): string {
    return this.#notification('tasks', `,${members}`)
  }

  /** The answer to the request: it ends the stream gracefully. */
  completed(): string {
    return frame(
      JSON.stringify({
        jsonrpc: '2.0',
        id: this.#id,
        result: {
          resultType: 'complete',
          _meta: { [SUBSCRIPTION_ID]: this.#id, 'io.modelcontextprotocol/serverInfo': this.#serverInfo },
        },
      }),
    )
  }

  #notification(method: string, members: string): string {
    const meta = `"_meta":{"${SUBSCRIPTION_ID}":${JSON.stringify(this.#id)}}`
    return frame(`{"jsonrpc":"2.0","method":"notifications/${method}","params":{${meta}${members}}}`)
  }
}
