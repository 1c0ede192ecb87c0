import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { containerOf } from './docker.ts'
import { findPostgres } from './find.ts'
import { missing } from './missing.ts'
import { type RunningServer, startServer } from './process.ts'

const run = promisify(execFile)

/**
 * What only a crash of the machine could miss, for servers whose data nobody keeps. Not `synchronous_commit`: without it a crash of the
 * server alone takes with it what was committed in the last half second.
 */
const CARELESS = { fsync: 'off', full_page_writes: 'off' }

export interface PostgresOptions {
  /** An existing folder, for its log and its data, which outlive the server. */
  readonly dir: string
  readonly port: number
  /** Survive a crash of the machine. Default false. */
  readonly durable?: boolean
}

/**
 * Starts a PostgreSQL on 127.0.0.1, with the superuser `postgres` and no password; makes the data folder the first time.
 * It refuses to run as root, so root lends it the user `postgres` or `nobody`.
 * @throws Error when there is none from version 15 up, when its user cannot reach the folder, or when it does not answer
 */
export async function startPostgres({ dir, port, durable = false }: PostgresOptions): Promise<RunningServer> {
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const common = { name: 'PostgreSQL', url, cwd: dir, logFile: join(dir, 'postgres.log') }
  const parameters = { port, max_connections: 200, unix_socket_directories: '', ...(durable ? {} : CARELESS) }
  const settings = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const bin = findPostgres()
  if (bin === undefined) {
    const PGDATA = '/gatehouse/data'
    const variables = { PGDATA, POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_INITDB_ARGS: '--no-sync' }
    const container = containerOf('postgres', { dir, port }, variables) ?? missing('PostgreSQL')
    return startServer({ ...common, ...container, args: container.args(settings), answers: () => answers(url, PGDATA) })
  }
  const user = serverUser()
  const data = join(resolve(dir), 'data')
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(bin, data, user)
  return startServer({
    ...common,
    command: join(bin, 'postgres'),
    args: ['-D', data, '-c', 'listen_addresses=127.0.0.1', ...settings],
    user,
    // PostgreSQL's "fast" shutdown: sessions end now, data is written out. SIGTERM would wait for them.
    stopSignal: 'SIGINT',
    // A killed PostgreSQL leaves a shared memory segment behind; after its "immediate" shutdown nothing is left.
    quickEnd: { signal: 'SIGQUIT', over: () => !existsSync(join(data, 'postmaster.pid')) },
    // Its sessions are no part of its process group, and see a little later that it was killed.
    heldBy: 'pre-existing shared memory block',
    answers: () => answers(url, data),
  })
}

interface User {
  readonly uid: number
  readonly gid: number
}

async function initialise(bin: string, data: string, user: User | undefined): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  if (user !== undefined) {
    assertReachable(dirname(data))
    chownSync(data, user.uid, user.gid)
  }
  const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(bin, 'initdb'), ['-D', data, ...options], { cwd: data, ...user })
}

/** Unlike "permission denied" from the depths of initdb, this names the folder. */
function assertReachable(folder: string): void {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) {
      throw new Error(`PostgreSQL cannot run as root, and no other user can enter ${at}: choose a folder outside of it`)
    }
  }
}

/** @returns whom root lends to PostgreSQL; undefined when we are not root */
function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (found === undefined) throw new Error('PostgreSQL cannot run as root, and there is no user postgres or nobody')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/** Another server may have taken the port a moment before: only the one over our folder counts. */
async function answers(url: string, data: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    return rows[0]?.data_directory === data
  } finally {
    await client.end()
  }
}
