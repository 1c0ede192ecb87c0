import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Route, ServiceName } from '@gatehouse/contracts'
import { findNginx, freePort, startNginx } from '@gatehouse/testkit'
import { COMPOSE, NGINX_PROXY, nginxMain, nginxOf } from '../deploy/routing.ts'
import { startNameServer } from './names.ts'

/** nginx as compose has it, and where services have to listen so that it finds them. */
export interface NginxBalancer {
  readonly url: string
  readonly pid: number
  /** What nginx logged, and it may be asked for more than one line of. */
  readonly logFile: string
  /** A place for one more process of a service: nginx knows services by name and port, so each process has an address of its own. */
  place(service: ServiceName): Promise<{ readonly host: string; readonly port: number }>
  close(): Promise<void>
}

/** Why nginx cannot stand before services on this machine; `false` where it can. As tap's `skip`. */
export const NO_NGINX =
  findNginx() === undefined
    ? 'there is no nginx on this machine'
    : process.platform !== 'linux' && 'each process needs a loopback address of its own, which only Linux has'

/**
 * Starts nginx with the files of compose: only where they lie, where it listens, who knows names and the ports of the services are others.
 * @param options.targets base URLs per service, read whenever nginx asks for a name
 */
export async function startNginxBalancer(options: {
  readonly folder: string
  /** 0 = any. */
  readonly port: number
  readonly routes: readonly Route[]
  readonly targets: () => Readonly<Record<ServiceName, readonly string[]>>
  /** After how many seconds without a word a node of mcp is given up. Default: as in compose. */
  readonly silent?: number
}): Promise<NginxBalancer> {
  const dir = join(options.folder, 'nginx')
  mkdirSync(join(dir, 'conf.d'), { recursive: true })
  const names = await startNameServer((name) => {
    const targets: Readonly<Record<string, readonly string[]>> = options.targets()
    return (targets[name] ?? []).map((url) => new URL(url).hostname)
  })
  const port = options.port === 0 ? await freePort() : options.port
  const ports = { auth: await freePort(), mcp: await freePort(), audit: await freePort() }
  const proxy = join(dir, 'proxy.conf')
  const { silent = COMPOSE.silent } = options
  const places = { listen: `127.0.0.1:${port}`, resolver: names.at, proxy, ports, silent }
  writeFileSync(proxy, NGINX_PROXY)
  writeFileSync(join(dir, 'conf.d', 'default.conf'), nginxOf({ routes: options.routes, hosts: ['localhost'] }, places))
  const configuration = join(dir, 'nginx.conf')
  writeFileSync(configuration, nginxMain({ etc: dir, folder: dir }))
  try {
    const server = await startNginx({ dir, configuration, port })
    const [second, third] = [Math.floor(Math.random() * 200) + 32, Math.floor(Math.random() * 250)]
    let last = 0
    return {
      url: server.url,
      pid: server.pid,
      logFile: join(dir, 'nginx.log'),
      async place(service) {
        last += 1
        return { host: `127.${second}.${third}.${last}`, port: ports[service] }
      },
      async close() {
        await server.stop()
        await names.close()
      },
    }
  } catch (error) {
    await names.close()
    throw error
  }
}
