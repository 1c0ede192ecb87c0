import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { routes } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { freePort, postgres, redis, type Scope, temporaryFolder } from '@gatehouse/testkit'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createBalancer } from '../../balancer.ts'
import { writeFirstSecrets } from '../first-secrets.ts'
import { type Ground, runWorkloads, type Started } from '../run-workloads.ts'
import type { Workload } from '../workloads.ts'
import { startGuardedNats } from './guarded-nats.ts'

/** PostgreSQL with a login a service, Redis with a password, NATS with its users: as the first secrets make them. */
async function realParts(t: Scope, folder: string) {
  const [database, cache] = await Promise.all([postgres(t, { private: true }), redis(t)])
  const [nats, monitor] = [await freePort(), await freePort()]
  const streams = join(folder, 'streams')
  const places = { postgres: new URL(database.url).host, redis: new URL(cache.url).host, nats: `127.0.0.1:${nats}` }
  const secrets = join(folder, 'secrets')
  const made = await writeFirstSecrets({
    folder: secrets,
    profile: loadProfile('align'),
    places,
    nats: { port: nats, monitor, folder: streams },
  })
  const secret = (path: string): string => readFileSync(join(secrets, path), 'utf8')
  const owner = new pg.Client({ connectionString: database.url })
  await owner.connect()
  await owner.query(`create role gatehouse_owner superuser login password '${secret('postgres/owner-password')}'`)
  await owner.query('create database gatehouse owner gatehouse_owner')
  await owner.query(secret('postgres/logins.sql'))
  await owner.end()
  const keys = new Redis(cache.url)
  await keys.config('SET', 'requirepass', /requirepass (\S+)/.exec(secret('redis/redis.conf'))?.[1] ?? '')
  keys.disconnect()
  await startGuardedNats(t, join(secrets, 'nats/nats.conf'), secret('migrate/nats-url'))
  return { secrets, made, secret, database: new URL(database.url).host }
}

function listening(t: Scope, server: Server): Promise<string> {
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(`http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`)
    })
  })
}

/**
 * The processes of manifests on this machine, over real parts, behind a balancer. The migration fills them with demo data, whatever the manifests
 * say of that. They end with the test.
 */
export async function runAll(t: Scope, workloads: readonly Workload[], profile?: Ground['profile']) {
  const folder = temporaryFolder(t)
  const parts = await realParts(t, folder)
  const running: Started[] = []
  const targets = () => ({ auth: urlsOf('auth'), mcp: urlsOf('mcp'), audit: urlsOf('audit') })
  const urlsOf = (name: string) =>
    running.filter(({ workload }) => workload.name === name).map(({ process }) => process.url)
  const publicUrl = await listening(t, createBalancer({ routes: routes(loadProfile('align')), targets }))
  t.teardown(async () => {
    for (const { process } of running.reverse()) await process.stop()
  })
  const ground = {
    secrets: parts.secrets,
    folder,
    publicUrl,
    freePort,
    surroundings: process.env,
    ...(profile && { profile }),
  }
  const demo = {
    GATEHOUSE_DEMO: '1',
    GATEHOUSE_DEMO_PASSWORD: parts.made.demoPassword,
    GATEHOUSE_DEMO_API_KEY: parts.made.demoApiKey,
    GATEHOUSE_SECRET: parts.made.master,
  }
  const filled = workloads.map((workload) =>
    workload.name !== 'migrate' || 'GATEHOUSE_DEMO' in workload.env
      ? workload
      : { ...workload, env: { ...workload.env, ...demo } },
  )
  await runWorkloads(filled, ground, (one) => running.push(one))
  return { ...parts, publicUrl, running, ground }
}
