import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { eventually, type Scope, temporaryFolder } from '@gatehouse/testkit'
import { authorizeInPages, type Person } from './person.ts'

export interface ScriptedBrowser {
  /** What a program that opens a browser gets as `$BROWSER`. */
  readonly command: string
  /** The authorization requests that were opened and answered with the person's consent, oldest first. */
  readonly opened: readonly URL[]
  /** Why one could not be answered. */
  readonly failures: readonly Error[]
}

/** A browser whose person signs in and agrees to whatever a client asks. Another process starts it by its command. */
export async function scriptedBrowser(t: Scope, person: Person): Promise<ScriptedBrowser> {
  const opened: URL[] = []
  const failures: Error[] = []
  const server = createServer((request, response) => {
    const url = new URL(new URL(request.url ?? '/', 'http://localhost').searchParams.get('open') ?? '')
    const callback = url.searchParams.get('redirect_uri') ?? ''
    opened.push(url)
    response.end()
    authorizeInPages(url, callback, person)
      .then(followTo)
      .catch((error: unknown) => failures.push(error instanceof Error ? error : new Error(String(error))))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo

  const command = join(temporaryFolder(t), 'browser')
  const open = `fetch('http://127.0.0.1:${port}/?open=' + encodeURIComponent(process.argv[1]))`
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" -e "${open}" "$1"\n`)
  chmodSync(command, 0o755)
  return { command, opened, failures }
}

/** A client may open the browser before it listens: a person is slower than that. */
const followTo = (callback: URL): Promise<unknown> =>
  eventually(10_000, `an answer at ${callback.origin}`, async () => {
    const answer = await fetch(callback).catch(() => undefined)
    return answer?.text().then(() => true)
  })
