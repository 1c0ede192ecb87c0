import { exchange, type Heard, type Listening, type Sent } from './exchange.ts'
import { blockOf } from './page.ts'

/** A conversation that is written down: file by file, request by request. */
export interface Script {
  /** Sends a request and keeps it, with its answer, in the named file. */
  say(file: string, title: string, sent: Sent, listening?: Listening): Promise<Heard>
  /** What was kept, by file. */
  readonly files: ReadonlyMap<string, readonly string[]>
}

/** What happens beside the conversation. */
export interface Beside {
  /** Something changed that the path names. */
  touch(path: string): Promise<unknown>
  changeList(list: 'tools' | 'resources' | 'prompts'): Promise<unknown>
  /** A token of another workspace. */
  tokenOf(tenant: string): Promise<string>
  /** Of a node whose limit is one request a minute. */
  readonly limitedPort: number
}

export function createScript(port: number, token: string, host: string): Script {
  const files = new Map<string, string[]>()
  return {
    files,
    async say(file, title, sent, listening) {
      const common = sent.method === 'POST' ? { 'content-type': 'application/json' } : {}
      const headers: Record<string, string> = {
        host,
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        ...common,
        ...sent.headers,
      }
      // A header that the case is without.
      for (const [name, value] of Object.entries(headers)) if (value === '') delete headers[name]
      const heard = await exchange(sent.port ?? port, { ...sent, headers }, listening)
      const kept = files.get(file) ?? []
      kept.push(blockOf(title, { ...sent, headers }, heard))
      files.set(file, kept)
      return heard
    },
  }
}
