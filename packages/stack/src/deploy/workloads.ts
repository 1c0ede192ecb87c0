import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Manifest, podOf } from './manifests.ts'

/** One of our processes as compose or Kubernetes would start it. */
export interface Workload {
  readonly name: string
  /** From the root of the repository. */
  readonly main: string
  readonly env: Readonly<Record<string, string>>
  /** Whose secrets are mounted at `/run/secrets/gatehouse`: the name of their folder. */
  readonly secrets: string
  readonly replicas: number
}

export const SECRETS_AT = '/run/secrets/gatehouse'
const PROFILE_AT = '/etc/gatehouse/profile.yaml'

/** The processes of manifests, with what a pod of this name would find in its environment. */
export function workloadsOf(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap((manifest) => {
    const pod = podOf(manifest)
    if (pod === undefined) return []
    const secrets = pod.volumes.find(({ secret }) => secret !== undefined)?.secret?.secretName ?? ''
    return pod.containers.map(({ name, args, env = [], envFrom = [] }) => ({
      name,
      main: args[0] ?? '',
      env: Object.fromEntries([
        ...envFrom.flatMap(({ configMapRef }) => Object.entries(dataOf(manifests, configMapRef.name))),
        ...env.map((one) => [one.name, one.value ?? `${manifest.metadata.name}-0`]),
      ]) as Record<string, string>,
      secrets: secrets.replace('gatehouse-', ''),
      replicas: Number(manifest.spec?.replicas ?? leastOf(manifests, manifest.metadata.name)),
    }))
  })
}

/** What the autoscaler begins with. */
const leastOf = (manifests: readonly Manifest[], name: string): unknown =>
  manifests.find(({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === name)?.spec
    ?.minReplicas ?? 1

const dataOf = (manifests: readonly Manifest[], name: string): Readonly<Record<string, string>> =>
  manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data ?? {}

/** The profile that manifests mount, and where. */
export const profileOf = (manifests: readonly Manifest[]): { readonly at: string; readonly text: string } => ({
  at: PROFILE_AT,
  text:
    manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('gatehouse-profile'))
      ?.data?.['profile.yaml'] ?? '',
})

export interface ComposeService {
  readonly image?: string
  readonly command?: readonly string[] | string
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly privileged?: boolean
  readonly ports?: readonly string[]
  readonly profiles?: readonly string[]
  readonly healthcheck?: { readonly test?: unknown; readonly disable?: boolean }
  readonly stop_grace_period?: string
  readonly networks?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly deploy?: {
    readonly replicas?: number
    readonly resources?: { readonly limits?: { readonly cpus?: string; readonly memory?: string } }
  }
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** The compose file with its variables at their defaults. */
export function readCompose(file: string): Compose {
  let text = readFileSync(file, 'utf8')
  for (let before = ''; before !== text; ) {
    before = text
    text = text.replace(/\$\{[A-Z_]+:-([^${}]*)\}/g, '$1')
  }
  return parse(text, { merge: true }) as Compose
}

/** Whether a service of the compose file runs our image. */
export const isOurs = ({ image = '' }: ComposeService): boolean => image.startsWith('gatehouse:')

/** Our processes in a compose file. */
export function workloadsOfCompose({ services }: Compose): readonly Workload[] {
  return Object.entries(services)
    .filter(([name, service]) => isOurs(service) && name !== 'init')
    .map(([name, { command = [], environment = {}, volumes = [], deploy }]) => ({
      name,
      main: command[0] ?? '',
      env: Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)])),
      secrets: volumes.find((volume) => volume.includes(`:${SECRETS_AT}:`))?.match(/^secrets-([a-z]+):/)?.[1] ?? '',
      replicas: deploy?.replicas ?? 1,
    }))
}
