import { connect } from 'node:net'
import { join } from 'node:path'
import { find } from './find.ts'
import { type RunningServer, startServer } from './process.ts'

export interface NginxOptions {
  /** An existing folder, for its log and whatever its configuration puts there. */
  readonly dir: string
  /** Its whole configuration. */
  readonly configuration: string
  /** On which it listens, by that configuration. */
  readonly port: number
}

/** @returns the path of `nginx`; tests through it are left out where there is none */
export function findNginx(): string | undefined {
  return find(['nginx'])
}

/** Starts an nginx in the foreground. @throws Error when there is none, when it refuses its configuration, or when nothing answers at its port */
export async function startNginx({ dir, configuration, port }: NginxOptions): Promise<RunningServer> {
  const command = findNginx()
  if (command === undefined) throw new Error('there is no nginx')
  return startServer({
    name: 'nginx',
    url: `http://localhost:${port}`,
    command,
    args: ['-p', dir, '-e', 'stderr', '-c', configuration, '-g', 'daemon off;'],
    cwd: dir,
    logFile: join(dir, 'nginx.log'),
    stopSignal: 'SIGTERM',
    answers: () => answers(port),
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
