import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { PROCESSES } from '../operations-page.ts'
import { evaluated, type Manifest, manifestsIn, OVERLAYS, podOf, whyNot } from './manifests.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const need = createRequire(import.meta.url)
const skip = whyNot() ?? false
const overlays = new Map<string, readonly Manifest[]>(
  skip === false ? OVERLAYS.map((name) => [name, evaluated(`k8s/overlays/${name}`)]) : [],
)
/** With the component that no overlay takes. */
const gateway = manifestsIn(readFileSync(join(root, 'k8s/components/gateway/http-route.yaml'), 'utf8'))
const all = [...[...overlays.values()].flat(), ...gateway]
const pods = all.flatMap((manifest) => podOf(manifest) ?? [])

/** Kinds of others, whose schemas come with their operators. */
const FOREIGN = new Set(['ExternalSecret', 'PodMonitor', 'PrometheusRule'])
const moduleOf = ({ apiVersion, kind }: Manifest): string => {
  const models = apiVersion.startsWith('gateway.') ? '@kubernetes-models/gateway-api' : 'kubernetes-models'
  return `${models}/${apiVersion.startsWith('gateway.') || apiVersion.includes('/') ? apiVersion : 'v1'}/${kind}`
}

test('every manifest fits the schema of its kind', { skip }, async (t) => {
  for (const manifest of all.filter(({ kind }) => !FOREIGN.has(kind))) {
    const models = need(moduleOf(manifest)) as Record<string, new (data: object) => { validate(): void }>
    const Model = models[manifest.kind]
    t.ok(Model, `${manifest.kind} is known`)
    t.doesNotThrow(() => new (Model as new (data: object) => { validate(): void })(manifest).validate(), manifest.kind)
  }
  t.ok(all.length > 40)
})

test('no manifest has a field that its kind does not know', { skip }, async (t) => {
  const file = join(import.meta.dirname, '../../node_modules', `manifests-${process.pid}.ts`)
  const lines = all
    .filter(({ kind }) => !FOREIGN.has(kind))
    .map(
      (manifest, at) =>
        `import type { I${manifest.kind} as K${at} } from '${moduleOf(manifest)}'\nexport const v${at}: K${at} = ${JSON.stringify(manifest)}\n`,
    )
  t.teardown(() => rmSync(file, { force: true }))
  writeFileSync(file, lines.join(''))
  const settings = '--ignoreConfig --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext'
  const compiler = join(root, 'node_modules/.bin/tsc')
  const { stdout, status } = spawnSync(compiler, [...settings.split(' '), '--target', 'es2023', file], {
    encoding: 'utf8',
  })
  t.equal(stdout, '')
  t.equal(status, 0)
})

test('no container runs as root, with rights, or on a file system that it can write', { skip }, async (t) => {
  t.ok(pods.length >= 8)
  for (const { securityContext, containers, volumes } of pods) {
    t.match(securityContext, { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } })
    for (const container of containers) {
      t.strictSame(container.securityContext, {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      })
      // Only what the restricted standard of pod security lets a pod mount.
      for (const volume of volumes) {
        const kinds = Object.keys(volume).filter((key) => key !== 'name')
        t.ok(
          kinds.every((kind) => ['configMap', 'secret', 'emptyDir'].includes(kind)),
          `${container.name}: ${kinds}`,
        )
      }
    }
  }
  for (const name of ['local', 'production']) {
    const namespace = overlays.get(name)?.find(({ kind }) => kind === 'Namespace')
    t.equal(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
  }
})

test('every container has requests and limits, and every service probes on the port that no route reaches', {
  skip,
}, async (t) => {
  for (const { containers } of pods) {
    for (const { name, resources, ports = [], startupProbe, readinessProbe, livenessProbe } of containers) {
      for (const what of [resources?.requests, resources?.limits]) t.match(what, { cpu: /./, memory: /./ }, name)
      if (name === 'migrate') continue
      t.equal(startupProbe?.httpGet.path, '/healthz', name)
      t.equal(livenessProbe?.httpGet.path, '/healthz', name)
      t.equal(readinessProbe?.httpGet.path, '/readyz', name)
      for (const probe of [startupProbe, readinessProbe, livenessProbe]) t.equal(probe?.httpGet.port, 'health', name)
      t.match(
        ports.find((port) => port.name === 'health'),
        { containerPort: 9090 },
      )
    }
  }
})

test('no pod has a token of the cluster', { skip }, async (t) => {
  for (const pod of pods) {
    t.equal(pod.automountServiceAccountToken, false)
    const account = all.find(
      ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === pod.serviceAccountName,
    )
    t.match(account, { automountServiceAccountToken: false }, pod.serviceAccountName ?? 'an account')
  }
})

test('each service survives a drain of nodes: a budget, spread over nodes and zones, and no rollout below its size', {
  skip,
}, async (t) => {
  for (const manifest of all.filter(({ kind }) => kind === 'Deployment')) {
    const { name } = manifest.metadata
    t.match(
      all.filter(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === name)[0],
      { spec: { maxUnavailable: 1 } },
      name,
    )
    t.match(manifest.spec, { strategy: { rollingUpdate: { maxUnavailable: 0 } } }, name)
    t.same(
      ((podOf(manifest)?.topologySpreadConstraints ?? []) as { topologyKey: string }[]).map(
        ({ topologyKey }) => topologyKey,
      ),
      ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'],
    )
    const scaled = all.some(({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === name)
    t.equal(manifest.spec?.replicas === undefined, scaled, `${name}: one says how many`)
  }
})

test('who closes streams scales down slowly', { skip }, async (t) => {
  const scaler = overlays
    .get('production')
    ?.find(({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === 'gatehouse-mcp')
  t.match(scaler, {
    spec: {
      minReplicas: 2,
      metrics: [{ resource: { name: 'cpu' } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 900, policies: [{ type: 'Pods', value: 1 }] } },
    },
  })
})

test('every pod is closed to all that no policy names, and every service has a policy of its own [A-TP-04]', {
  skip,
}, async (t) => {
  for (const name of ['local', 'production']) {
    const manifests = overlays.get(name) ?? []
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy')
    const closed = policies.find(({ metadata }) => metadata.name === 'default-deny')
    t.strictSame(closed?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    for (const manifest of manifests.filter((one) => podOf(one) !== undefined)) {
      const labels = manifest.spec?.template?.metadata.labels['app.kubernetes.io/name']
      const own = policies.find(({ spec }) => {
        const { matchLabels } = (spec?.podSelector ?? {}) as { matchLabels?: Record<string, string> }
        return matchLabels?.['app.kubernetes.io/name'] === labels
      })
      t.ok(own, manifest.metadata.name)
      t.same(own?.spec?.policyTypes, ['Ingress', 'Egress'])
    }
  }
})

test('production is told of links in the clear: only the overlay to play with says that they are meant [A-TP-04]', {
  skip,
}, async (t) => {
  const said = (overlay: string) =>
    (overlays.get(overlay) ?? []).flatMap(({ kind, data = {} }) =>
      kind === 'ConfigMap' && data.NODE_ENV === 'production' ? [data.GATEHOUSE_ALLOW_CLEAR_LINKS] : [],
    )
  t.same(said('production'), [undefined])
  t.same(said('local'), ['1'])
})

test('every variable that a manifest gives is one that its process reads, and none holds a secret', {
  skip,
}, async (t) => {
  for (const manifests of overlays.values()) {
    for (const manifest of manifests) {
      for (const { args, env = [], envFrom = [] } of podOf(manifest)?.containers ?? []) {
        const entry = PROCESSES.find((one) => one.entry === args[0])
        if (entry === undefined) {
          t.fail(`${args[0]} is no process that is configured`)
          continue
        }
        const known = new Set(Object.keys(entry.config.shape))
        const shared = envFrom.flatMap(({ configMapRef: { name } }) =>
          Object.keys(
            manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data ?? {},
          ),
        )
        const given = [...env.map(({ name }) => name), ...shared]
        t.same(
          given.filter((name) => !known.has(name.replace(/_FILE$/, ''))),
          [],
          `${manifest.metadata.name}: variables that nobody reads`,
        )
        for (const { name, value = '' } of env) {
          if (/SECRET|TOKEN|KEY|DATABASE_URL|REDIS_URL|NATS_URL/.test(name)) {
            t.ok(name.endsWith('_FILE') && value.startsWith('/run/secrets/'), `${name} is by reference`)
          }
        }
      }
    }
  }
})

test('the files that a container is told of are in a volume that it mounts', { skip }, async (t) => {
  for (const { containers, volumes } of pods) {
    for (const { name, env = [], volumeMounts } of containers) {
      for (const { value = '' } of env.filter((one) => one.name.endsWith('_FILE'))) {
        const mount = volumeMounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`))
        t.equal(mount?.readOnly, true, `${name}: ${value}`)
        t.ok(volumes.find((volume) => volume.name === mount?.name)?.secret, `${name}: ${value}`)
      }
    }
  }
})

test('the External Secrets of production make each file that a container reads, and no other', { skip }, async (t) => {
  const manifests = [...(overlays.get('production') ?? []), ...(overlays.get('production/migrate') ?? [])]
  for (const pod of manifests.flatMap((manifest) => podOf(manifest) ?? [])) {
    const secret = pod.volumes.find((volume) => volume.secret !== undefined)?.secret?.secretName
    const external = manifests.find(({ kind, metadata }) => kind === 'ExternalSecret' && metadata.name === secret)
    const made = ((external?.spec?.data ?? []) as { secretKey: string }[]).map(({ secretKey }) => secretKey).sort()
    const read = pod.containers
      .flatMap(({ env = [] }) => env)
      .filter(({ name }) => name.endsWith('_FILE'))
      .map(({ value = '' }) => value.replace('/run/secrets/gatehouse/', ''))
      .sort()
    t.same(made, read, secret ?? 'a secret')
  }
})

test('all images of an overlay are of one version, and none is “latest”', { skip }, async (t) => {
  const production = [...(overlays.get('production') ?? []), ...(overlays.get('production/migrate') ?? [])]
  const images = new Set(production.flatMap((one) => podOf(one)?.containers ?? []).map(({ image }) => image))
  t.equal(images.size, 1)
  t.match([...images][0], /:\d/)
})

test('by open streams: the component adds to what an overlay scales by', { skip }, async (t) => {
  const folder = join(root, 'k8s/overlays', `tried-${process.pid}`)
  execFileSync('mkdir', ['-p', folder])
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    'resources: [../../base]\ncomponents: [../../components/scale-by-streams, ../../components/gateway]\n',
  )
  const scaler = evaluated(`k8s/overlays/tried-${process.pid}`).find(
    ({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === 'gatehouse-mcp',
  )
  t.match(scaler, {
    spec: { metrics: [{ type: 'Resource' }, { type: 'Pods', pods: { metric: { name: 'gatehouse_mcp_streams' } } }] },
  })
})
