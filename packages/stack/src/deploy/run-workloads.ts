import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ServiceProcess, type Surroundings, startService } from '../cluster/process.ts'
import { runOnce } from '../cluster/run-once.ts'
import { SECRETS_AT, type Workload } from './workloads.ts'

/** This machine in the place of a cluster. */
export interface Ground {
  /** Where `first-secrets` wrote, a folder for each. */
  readonly secrets: string
  /** For logs and what a container writes. */
  readonly folder: string
  /** What the manifests mount as the profile. */
  readonly profile?: { readonly at: string; readonly text: string }
  /** Origin that clients use here. */
  readonly publicUrl: string
  readonly freePort: () => Promise<number>
  readonly surroundings: Surroundings
}

export interface Started {
  readonly workload: Workload
  readonly process: ServiceProcess
}

/**
 * Runs the processes of manifests with the environment that these give them. Only places differ: paths of mounts, addresses and ports,
 * since all share one machine.
 * @param began told of each process, so that it can be ended whatever happens after
 */
export async function runWorkloads(
  workloads: readonly Workload[],
  ground: Ground,
  began: (one: Started) => void,
): Promise<readonly Started[]> {
  const started: Started[] = []
  const urls = new Map<string, string>()
  if (ground.profile !== undefined) writeFileSync(join(ground.folder, 'profile.yaml'), ground.profile.text)
  for (const workload of inOrder(workloads)) {
    const { name, main, replicas } = workload
    if (name === 'migrate') {
      await runOnce(main, placed(workload, ground, urls, name), ground.surroundings)
      continue
    }
    for (let node = 1; node <= replicas; node += 1) {
      const label = replicas === 1 ? name : `${name}-${node}`
      const port = await ground.freePort()
      const env = { ...placed(workload, ground, urls, label), HEALTH_PORT: String(await ground.freePort()) }
      const logs = ground.folder
      const process = await startService({ name: label, main, port, env, logs, surroundings: ground.surroundings })
      urls.set(name, process.url)
      const one = { workload, process }
      started.push(one)
      began(one)
    }
  }
  return started
}

const ORDER = ['migrate', 'auth', 'mcp', 'audit']
const inOrder = (workloads: readonly Workload[]): readonly Workload[] =>
  [...workloads].sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name))

function placed(
  { env, secrets }: Workload,
  { secrets: kept, folder, profile, publicUrl }: Ground,
  urls: ReadonlyMap<string, string>,
  label: string,
): Record<string, string> {
  const own = join(folder, label)
  mkdirSync(own, { recursive: true })
  const place = (name: string, value: string): string => {
    if (name === 'PUBLIC_URL') return publicUrl
    if (name === 'NODE_NAME') return label
    if (value === profile?.at) return join(folder, 'profile.yaml')
    const auth = /^http:\/\/(?:gatehouse-)?auth:4001$/.test(value) ? urls.get('auth') : undefined
    return auth ?? value.replace(SECRETS_AT, join(kept, secrets)).replace('/var/lib/gatehouse', own)
  }
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, place(name, value)]))
}
