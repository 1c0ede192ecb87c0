import { atExit } from '../at-exit.ts'
import { freePort } from '../free-port.ts'
import type { Scope } from '../scope.ts'
import { makeTemporaryFolder, temporaryFolder } from '../temporary-folder.ts'
import { startNats } from './nats.ts'
import { startPostgres } from './postgres.ts'
import type { RunningServer } from './process.ts'
import { startRedis } from './redis.ts'

const TRIES = 3

/** A server of the test's own, which it may end and bring back at the same address. */
export interface TestServer {
  readonly url: string
  /** Ends it in order; what it keeps in files is there again after `start`. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends it as a crash would. */
  crash(): Promise<void>
}

type Starter = (options: { dir: string; port: number }) => Promise<RunningServer>

/** A Redis of the test's own; its data is gone after a stop. @throws Error when the machine has none */
export function redis(t: Scope): Promise<TestServer> {
  return testServer(t, startRedis)
}

/** A NATS server of the test's own, with JetStream, whose streams outlive a stop. @throws Error when the machine has none */
export function nats(t: Scope): Promise<TestServer> {
  return testServer(t, startNats)
}

/** A PostgreSQL server of the test's own, for tests that stop it. @throws Error when the machine has none */
export function privatePostgres(t: Scope): Promise<TestServer> {
  return testServer(t, startPostgres)
}

/** One PostgreSQL server for the rest of this process. Callers make databases of their own in it. @returns its URL */
export async function processPostgres(): Promise<string> {
  const folder = makeTemporaryFolder()
  const { server } = await onFreePort(startPostgres, folder.path)
  atExit(() => server.endNow())
  return server.url
}

export async function testServer(t: Scope, starter: Starter): Promise<TestServer> {
  const dir = temporaryFolder(t)
  const first = await onFreePort(starter, dir)
  let server = first.server
  let stopping = Promise.resolve()
  const forget = atExit(() => server.endNow())
  const stop = () => {
    stopping = server.stop()
    return stopping
  }
  t.teardown(async () => {
    await stop()
    forget()
  })
  return {
    url: server.url,
    stop,
    async start() {
      await stopping
      server = await starter({ dir, port: first.port })
    },
    async crash() {
      server.kill('SIGKILL')
      await server.ended
    },
  }
}

/** Somebody may take the port between asking for it and listening on it. */
async function onFreePort(starter: Starter, dir: string): Promise<{ server: RunningServer; port: number }> {
  for (let left = TRIES - 1; ; left--) {
    const port = await freePort()
    try {
      return { server: await starter({ dir, port }), port }
    } catch (error) {
      if (left === 0) throw error
    }
  }
}
