import { loadProfile } from '@gatehouse/profiles'
import { argumentsOrExit } from './command-line.ts'
import { asYaml, routingOf } from './deploy/files.ts'

const { profile, host, kind } = argumentsOrExit({
  usage: `usage: node --import tsx packages/stack/src/routing.ts --host HOST [--profile NAME] [--kind ingress|gateway|nginx]

Prints the routing of a profile at a host: which path goes to which service.
  --profile  name or file of the profile (align)
  --kind     ingress (networking.k8s.io/v1), gateway (HTTPRoute of the Gateway API) or nginx (as compose has it)`,
  options: {
    host: { type: 'string' },
    profile: { type: 'string', default: 'align' },
    kind: { type: 'string', default: 'ingress' },
  },
})
if (host === undefined || !['ingress', 'gateway', 'nginx'].includes(kind)) {
  console.error(host === undefined ? '--host is missing' : '--kind: must be ingress, gateway or nginx')
  process.exit(2)
}
const { ingress, httpRoute, nginx } = routingOf(loadProfile(profile), host)
process.stdout.write(kind === 'nginx' ? nginx : asYaml(kind === 'ingress' ? ingress : httpRoute))
