import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)

/** A PostgreSQL of the test's own, that it may stop and start. */
export interface PrivatePostgres {
  readonly url: string
  stop(): Promise<void>
  start(): Promise<void>
}

/** Starts a server in a temporary folder; it goes away with the test. @throws when there are no server binaries */
export async function privatePostgres(t: Test): Promise<PrivatePostgres> {
  const bin = await binaries()
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-postgres-'))
  const data = join(folder, 'data')
  const as = await serverUser()
  if (as !== undefined) await chown(folder, as.uid, as.gid)
  const options = { ...as, cwd: folder }
  await run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    options,
  )
  const port = await freePort()
  const parts = [
    '-p',
    port,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'fsync=off',
  ]
  const control = (...args: string[]) =>
    run(join(bin, 'pg_ctl'), ['-D', data, '-l', join(folder, 'log'), '-w', '-s', ...args], options)
  let running = false
  const start = async () => {
    await control('-o', parts.join(' '), 'start')
    running = true
  }
  const stop = async () => {
    await control('-m', 'fast', 'stop')
    running = false
  }
  t.teardown(async () => {
    if (running) await control('-m', 'immediate', 'stop')
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop, start }
}

/** From Debian's places, the newest first, else from the PATH. */
async function binaries(): Promise<string> {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions
    .map((version) => join(debian, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')))
  if (found !== undefined) return found
  try {
    return dirname((await run('sh', ['-c', 'command -v initdb'])).stdout.trim())
  } catch (cause) {
    throw new Error('no PostgreSQL server binaries: install the package postgresql', { cause })
  }
}

/** The server refuses to run as root, so root lends it another user. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const id = async (flag: string) => Number((await run('id', [flag, 'nobody'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return String(address.port)
}
