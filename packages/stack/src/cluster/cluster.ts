import { chmodSync, mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { routes } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { eventually, freePort, type RunningServer, startNats, startPostgres, startRedis } from '@gatehouse/testkit'
import { createBalancer } from '../balancer.ts'
import type { Secrets } from '../secrets.ts'
import { publicHalf } from '../secrets.ts'
import { startNatsServers } from './nats-servers.ts'
import { startNginxBalancer } from './nginx.ts'
import { type ServiceProcess, type ServiceSpec, type Surroundings, startService } from './process.ts'
import { watchReadiness } from './readiness.ts'
import { type Relay, startRelay } from './relay.ts'
import { runOnce } from './run-once.ts'

export interface ClusterOptions {
  /** Data and logs of everything; other users must be able to reach it. */
  readonly folder: string
  /** Port of the balancer; 0 = any. */
  readonly port: number
  readonly mcpNodes: number
  /** Origin that clients use, where something else stands before the balancer. Default: the balancer's. */
  readonly publicUrl?: string
  readonly profile: string
  readonly secrets: Secrets
  readonly demo: boolean
  /** Whether nodes keep audit events on disk while the bus is away. */
  readonly journal?: boolean
  /** Three keep each stream three times. Default: one. */
  readonly natsServers?: 1 | 3
  /** Told to the MCP nodes beside what they need. */
  readonly nodeEnv?: Readonly<Record<string, string>>
  /** Whether each service reaches the parts over ways that can be cut. */
  readonly relays?: boolean
  /** Whether nginx stands before the services as in compose, instead of our own balancer: on Linux, where one is installed. */
  readonly nginx?: boolean
  /** Environment of the caller, from which children get their PATH. */
  readonly surroundings: Surroundings
  /** Told of each part as it comes up. */
  readonly started?: (name: string, address: string, pid: number) => void
}

/** Real parts and separate processes behind a balancer without affinity. */
export interface Cluster {
  readonly publicUrl: string
  readonly balancerUrl: string
  readonly postgres: ClusterPart
  readonly redis: ClusterPart
  /** All servers of it. */
  readonly nats: ClusterPart
  readonly natsServers: readonly ClusterPart[]
  /** The process of now: another one after `restart`. */
  readonly auth: ServiceProcess
  readonly audit: ServiceProcess
  /** The living nodes; the balancer picks among them at each request. */
  readonly mcp: readonly ServiceProcess[]
  /** Starts one more MCP node. */
  addNode(): Promise<ServiceProcess>
  /** Starts a node again that has ended, with its name, its address and its journal. @throws while it runs */
  restartNode(node: ServiceProcess): Promise<ServiceProcess>
  /** Takes a node out of the balancer and ends it. */
  removeNode(node: ServiceProcess): Promise<string>
  /** The way from a service to a part, where the cluster has `relays`. @throws where it has none */
  way(from: ServiceProcess, part: PartName): Relay
  /** Starts a service again that has ended, at the same address, and waits until it is ready. */
  restart(name: 'auth' | 'audit'): Promise<ServiceProcess>
  /** Ends everything, services first. */
  close(): Promise<void>
}

/** A real part, which can be ended and brought back at the same address with what it keeps in files. */
export interface ClusterPart {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
  /** Ends it as kill -9 does. */
  kill(): Promise<void>
  start(): Promise<void>
}

export type PartName = 'postgres' | 'redis' | 'nats'

type Starter = (place: { readonly dir: string; readonly port: number }) => Promise<RunningServer>

const SEEN_MS = 60_000
const AUTH_CLIENT = 'gatehouse-mcp'

/** Starts it all and resolves when every service is ready. What had been started is ended when a later part fails. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: (() => Promise<unknown>)[] = []
  try {
    return await start(options, undo)
  } catch (error) {
    await endAll(undo)
    throw error
  }
}

async function endAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (const end of undo.reverse()) await end()
}

async function start(options: ClusterOptions, undo: (() => Promise<unknown>)[]): Promise<Cluster> {
  const { folder, secrets, started } = options
  const profile = loadProfile(options.profile)
  for (const part of ['logs', 'postgres', 'redis', 'nats']) mkdirSync(join(folder, part), { recursive: true })
  // PostgreSQL refuses root and runs as another user, who has to pass through to its own folder and sees nothing else.
  for (const path of [folder, join(folder, 'postgres')]) chmodSync(path, 0o711)
  const logs = join(folder, 'logs')

  const part = async (name: string, starter: Starter): Promise<ClusterPart> => {
    const place = { dir: join(folder, name), port: await freePort() }
    mkdirSync(place.dir, { recursive: true })
    let server = await starter(place)
    undo.push(() => server.stop())
    started?.(name, server.url, server.pid)
    return {
      url: server.url,
      get pid() {
        return server.pid
      },
      stop: () => server.stop(),
      async kill() {
        server.kill('SIGKILL')
        await server.ended
      },
      async start() {
        server = await starter(place)
      },
    }
  }
  const [postgres, redis, { nats, natsServers }] = await Promise.all([
    part('postgres', startPostgres),
    part('redis', startRedis),
    options.natsServers === 3
      ? startNatsServers((name, more) => part(name, (place) => startNats({ ...place, ...more })), folder)
      : part('nats', startNats).then((nats) => ({ nats, natsServers: [nats] })),
  ])

  const targets = { auth: [] as string[], mcp: [] as string[], audit: [] as string[] }
  // As a balancer that asks each node whether it is ready, and leaves out those that say no.
  const readiness = watchReadiness(() => targets.mcp)
  undo.push(async () => readiness.stop())
  const table = routes(profile)
  const ownBalancer = async () => {
    const balancer = createBalancer({ routes: table, targets: () => ({ ...targets, mcp: readiness.ready }) })
    const port = await listen(balancer, options.port)
    undo.push(() => closeBalancer(balancer))
    return { url: `http://localhost:${port}`, pid: process.pid, place: async () => ({ port: await freePort() }) }
  }
  const behindNginx = async () => {
    const balancer = await startNginxBalancer({ folder, port: options.port, routes: table, targets: () => targets })
    undo.push(() => balancer.close())
    return balancer
  }
  const balancer = await (options.nginx === true ? behindNginx() : ownBalancer())
  const publicUrl = options.publicUrl ?? balancer.url
  started?.('balancer', balancer.url, balancer.pid)

  const common = {
    PUBLIC_URL: publicUrl,
    GATEHOUSE_PROFILE: options.profile,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    NATS_URL: nats.url,
    GATEHOUSE_ADMIN_TOKEN: secrets.adminToken,
    GATEHOUSE_SECRET: secrets.master,
    INTERNAL_CLIENTS: JSON.stringify([{ id: AUTH_CLIENT, jwk: publicHalf(secrets.mcpClientJwk) }]),
    GATEHOUSE_MIGRATE: '0',
    TRUSTED_PROXIES: '127.0.0.1',
  }
  const demo = {
    ...common,
    GATEHOUSE_DEMO: options.demo ? '1' : '0',
    GATEHOUSE_DEMO_PASSWORD: secrets.demoPassword,
    GATEHOUSE_DEMO_API_KEY: secrets.demoApiKey,
  }
  const replicas: Record<string, string> = options.natsServers === 3 ? { NATS_REPLICAS: '3' } : {}
  await runOnce('packages/stack/src/migrate.ts', { ...demo, ...replicas }, options.surroundings)

  const run = async (spec: ServiceSpec): Promise<ServiceProcess> => {
    const running = await startService(spec)
    undo.push(() => running.stop())
    started?.(spec.name, running.url, running.pid)
    return running
  }
  const specOf = async (name: 'auth' | 'mcp' | 'audit', label: string, env: Record<string, string> = {}) => ({
    name: label,
    main: `services/${name}/src/main.ts`,
    ...(await balancer.place(name)),
    logs,
    env: { ...common, ...env },
    surroundings: options.surroundings,
  })
  const ways = new Map<string, Readonly<Record<PartName, Relay>>>()
  const waysOf = async (label: string): Promise<Record<string, string>> => {
    if (options.relays !== true) return {}
    const relay = async ({ url }: ClusterPart): Promise<Relay> => {
      const opened = await startRelay(Number(new URL(url).port))
      undo.push(() => opened.close())
      return opened
    }
    const found = { postgres: await relay(postgres), redis: await relay(redis), nats: await relay(nats) }
    ways.set(label, found)
    const through = ({ url }: ClusterPart, { port }: Relay): string => {
      const moved = new URL(url)
      moved.port = String(port)
      return moved.href
    }
    return {
      DATABASE_URL: through(postgres, found.postgres),
      REDIS_URL: through(redis, found.redis),
      NATS_URL: through(nats, found.nats),
    }
  }
  const authSpec = await specOf('auth', 'auth', await waysOf('auth'))
  const auth = await run(authSpec)
  const auditEnv = { ...(await waysOf('audit')), AUTH_INTERNAL_URL: auth.url }
  const specs = { auth: authSpec, audit: await specOf('audit', 'audit', auditEnv) }
  const single = { auth, audit: await run(specs.audit) }
  targets.auth.push(single.auth.url)
  targets.audit.push(single.audit.url)
  const nodes: ServiceProcess[] = []
  const nodeSpecs = new Map<ServiceProcess, ServiceSpec>()
  const addNode = async () => {
    const label = `mcp-${nodes.length + 1}`
    const env = {
      DRAIN_STREAMS: '1',
      ...(await waysOf(label)),
      ...options.nodeEnv,
      AUTH_INTERNAL_URL: single.auth.url,
      MCP_CLIENT_ID: AUTH_CLIENT,
      MCP_CLIENT_KEY: JSON.stringify(secrets.mcpClientJwk),
      NODE_NAME: label,
      ...(options.journal === true ? { JOURNAL_FOLDER: join(folder, 'journal', label) } : {}),
    }
    const spec = await specOf('mcp', label, env)
    const node = await run(spec)
    nodeSpecs.set(node, spec)
    targets.mcp.push(node.url)
    nodes.push(node)
    return node
  }
  for (let count = 0; count < options.mcpNodes; count += 1) await addNode()

  return {
    publicUrl,
    balancerUrl: balancer.url,
    postgres,
    redis,
    nats,
    natsServers,
    way(from, part) {
      const found = ways.get(from.name)
      if (found === undefined) throw new Error(`the ways of ${from.name} cannot be cut`)
      return found[part]
    },
    get auth() {
      return single.auth
    },
    get audit() {
      return single.audit
    },
    mcp: nodes,
    addNode,
    async restart(name) {
      single[name] = await run(specs[name])
      return single[name]
    },
    async restartNode(node) {
      const spec = nodeSpecs.get(node)
      if (spec === undefined) throw new Error(`${node.name} is no node of this cluster`)
      const again = await run(spec)
      // As whoever replaces nodes one by one: the next is not ended before this one is sent calls again.
      await eventually(SEEN_MS, `the balancer to see ${again.name}`, () => !readiness.leaves(again.url))
      nodes.splice(nodes.indexOf(node), 1, again)
      nodeSpecs.set(again, spec)
      return again
    },
    async removeNode(node) {
      targets.mcp.splice(targets.mcp.indexOf(node.url), 1)
      nodes.splice(nodes.indexOf(node), 1)
      return node.stop()
    },
    close: () => endAll(undo.splice(0)),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function closeBalancer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
