import { join } from 'node:path'
import { ask } from './ask.ts'
import { containerOf } from './docker.ts'
import { findRedis } from './find.ts'
import { missing } from './missing.ts'
import { type RunningServer, startServer } from './process.ts'

export interface RedisOptions {
  /** An existing folder for its log, and for its data when durable. */
  readonly dir: string
  readonly port: number
  /** Keep what was written over a restart. Default false. */
  readonly durable?: boolean
}

/** Starts a Redis or Valkey on 127.0.0.1. @throws Error when there is none, or when it does not answer */
export async function startRedis({ dir, port, durable = false }: RedisOptions): Promise<RunningServer> {
  const settings = ['--port', `${port}`, '--save', '', '--appendonly', durable ? 'yes' : 'no', '--protected-mode', 'no']
  const binary = findRedis()
  const common = { name: 'Redis', url: `redis://127.0.0.1:${port}`, cwd: dir, logFile: join(dir, 'redis.log') }
  if (binary === undefined) {
    const container = containerOf('redis', { dir, port }) ?? missing('Redis')
    const args = container.args(['redis-server', ...settings, '--dir', container.dir])
    return startServer({ ...common, ...container, args, answers: () => answers(port) })
  }
  return startServer({
    ...common,
    command: binary,
    args: [...settings, '--bind', '127.0.0.1', '--dir', dir],
    stopSignal: 'SIGTERM',
    answers: (pid) => answers(port, pid),
  })
}

/** Another server may have taken the port a moment before: only the process that we started counts. */
async function answers(port: number, pid?: number): Promise<boolean> {
  const info = await ask(
    port,
    'INFO server\r\n',
    (answer) => answer.includes('process_id:') && answer.includes('uptime'),
  )
  return pid === undefined || info.includes(`process_id:${pid}\r\n`)
}
