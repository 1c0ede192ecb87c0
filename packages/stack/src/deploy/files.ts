import { routes } from '@gatehouse/contracts'
import { loadProfile, type Profile } from '@gatehouse/profiles'
import { parse, stringify } from 'yaml'
import { natsPermissions, natsValues } from './nats-config.ts'
import { httpRouteOf, ingressOf, NGINX_PROXY, nginxMain, nginxOf } from './routing.ts'

/** The profile and the host of the files that lie in the repository. */
const PROFILE = 'align'
const HOST = 'gatehouse.example.com'

/** The hosts at which a profile is served: its own, and where each organisation has one, whatever stands in front of the first dot. */
export function hostsOf({ tenancy }: Pick<Profile, 'tenancy'>, host: string): readonly string[] {
  if (tenancy.by === 'account') return [host]
  const ofTenants = tenancy.host.replace('{host}', host)
  return [host, `*${ofTenants.slice(ofTenants.indexOf('.'))}`]
}

/** Ingress, HTTPRoute and nginx's configuration of a profile at a host. */
export const routingOf = (profile: Profile, host: string) => {
  const doorway = { routes: routes(profile), hosts: hostsOf(profile, host) }
  return { ingress: ingressOf(doorway), httpRoute: httpRouteOf(doorway), nginx: nginxOf(doorway) }
}

const BY =
  '# Made from packages/contracts/src/routes.ts; UPDATE=1 on packages/stack/src/deploy/files.test.ts writes it.\n'

export const asYaml = (value: object): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 140 })

/** Files that are made from the code, by their path from the root of the repository. @param read of those that others are made of */
export function generatedFiles(read: (path: string) => string): Readonly<Record<string, string>> {
  const profile = loadProfile(PROFILE)
  const { ingress, httpRoute } = routingOf(profile, HOST)
  return {
    'k8s/components/ingress/ingress.yaml': BY + asYaml(ingress),
    'k8s/components/gateway/http-route.yaml': BY + asYaml(httpRoute),
    'k8s/components/monitoring/prometheus-rule.yaml': ruleOf(read('k8s/monitoring/alerts.yaml')),
    'k8s/nats/permissions.conf': natsPermissions(),
    'k8s/parts/nats-values.yaml': BY.replace('routes.ts', 'bus-users.ts') + asYaml(natsValues()),
    'packages/stack/compose/proxy.conf': BY + NGINX_PROXY,
    'packages/stack/compose/nginx.conf':
      BY.replace('packages/contracts/src/routes.ts', 'packages/stack/src/deploy/routing.ts') +
      nginxMain({ etc: '/etc/nginx', folder: '/tmp' }),
  }
}

const ruleOf = (alerts: string): string =>
  `# Made from k8s/monitoring/alerts.yaml; UPDATE=1 on packages/stack/src/deploy/files.test.ts writes it.\n${asYaml({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'gatehouse' },
    spec: parse(alerts),
  })}`
