import { loadProfile } from '@gatehouse/profiles'
import { argumentsOrExit } from './command-line.ts'
import { asYaml, routingOf } from './deploy/files.ts'

const { profile, host, kind } = argumentsOrExit({
  usage: `usage: node --import tsx packages/stack/src/routing.ts --host HOST [--profile NAME] [--kind ingress|gateway]

Prints the routing of a profile at a host: which path goes to which service.
  --profile  name or file of the profile (align)
  --kind     ingress (networking.k8s.io/v1) or gateway (HTTPRoute of the Gateway API)`,
  options: {
    host: { type: 'string' },
    profile: { type: 'string', default: 'align' },
    kind: { type: 'string', default: 'ingress' },
  },
})
if (host === undefined || !['ingress', 'gateway'].includes(kind)) {
  console.error(host === undefined ? '--host is missing' : '--kind: must be ingress or gateway')
  process.exit(2)
}
const { ingress, httpRoute } = routingOf(loadProfile(profile), host)
process.stdout.write(asYaml(kind === 'ingress' ? ingress : httpRoute))
