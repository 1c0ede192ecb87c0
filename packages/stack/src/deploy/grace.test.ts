import { join } from 'node:path'
import { mcpConfig } from '@gatehouse/mcp'
import { test } from 'tap'
import { evaluated, podOf, whyNot } from './manifests.ts'
import { readCompose, workloadsOf } from './workloads.ts'

/** `runService` ends a process that has not closed by then; mcp adds the longer of its two drains. */
const CLOSE_SECONDS = 30
const SPARE_SECONDS = 5

test('a pod has more time to end than its service takes: what comes before SIGTERM, its drain, its close', {
  skip: whyNot() ?? false,
}, async (t) => {
  const manifests = evaluated('k8s/overlays/production')
  const workloads = workloadsOf(manifests)
  for (const manifest of manifests.filter(({ kind }) => kind === 'Deployment')) {
    const pod = podOf(manifest)
    const { env } = workloads.find(({ name }) => manifest.metadata.name.endsWith(name)) ?? {
      env: {} as Record<string, string>,
    }
    const [delay, streams] = [mcpConfig.shape.DRAIN_DELAY, mcpConfig.shape.DRAIN_STREAMS].map((field, at) =>
      field.parse(env[at === 0 ? 'DRAIN_DELAY' : 'DRAIN_STREAMS']),
    ) as [number, number]
    const before = pod?.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0
    const drain = manifest.metadata.name.endsWith('mcp') ? Math.max(delay, streams) : 0
    t.ok(before >= 10 || delay >= 10, `${manifest.metadata.name}: balancers have time to hear of it`)
    t.ok(
      (pod?.terminationGracePeriodSeconds ?? 0) >= before + drain + CLOSE_SECONDS + SPARE_SECONDS,
      manifest.metadata.name,
    )
  }
})

test('so has a container of compose', async (t) => {
  const { services } = readCompose(join(import.meta.dirname, '../../../../docker-compose.yml'))
  for (const name of ['auth', 'mcp', 'audit']) {
    t.ok(Number.parseInt(services[name]?.stop_grace_period ?? '', 10) >= CLOSE_SECONDS + 5 + SPARE_SECONDS, name)
  }
})
