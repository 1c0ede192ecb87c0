import { type BusUser, type BusUserName, busUsers } from '@gatehouse/contracts'

/** The variable in the environment of the NATS server that holds a user's password. */
export const passwordVariable = (name: BusUserName): string => `NATS_PASSWORD_${name.toUpperCase()}`

const HEAD = `# Who may publish and hear what. Made from packages/contracts/src/bus-users.ts; UPDATE=1 on
# packages/stack/src/deploy/files.test.ts writes it.
`

const quoted = (subjects: readonly string[]): string =>
  subjects.map((subject) => `          ${JSON.stringify(subject)}`).join('\n')

const block = (user: BusUser, password: string): string => `    {
      # ${user.purpose}
      user: ${user.name}
      password: ${password}
      permissions: {
        publish: [
${quoted(user.publish)}
        ]
        subscribe: [
${quoted(user.subscribe)}
        ]
      }
    }`

/** Values for the NATS chart: three servers with TLS, JetStream on disks, and the users; passwords come from the secret `nats-passwords`. */
export const natsValues = (): object => ({
  config: {
    cluster: { enabled: true, replicas: 3 },
    jetstream: { enabled: true, fileStore: { pvc: { size: '20Gi' } } },
    // With it `nats-url` is tls://…, and the services trust its authority by NODE_EXTRA_CA_CERTS.
    nats: { tls: { enabled: true, secretName: 'nats-tls' } },
    merge: {
      authorization: {
        users: busUsers().map(({ name, publish, subscribe }) => ({
          user: name,
          // The chart's way to have a variable stand without quotes.
          password: `<< $${passwordVariable(name)} >>`,
          permissions: { publish, subscribe },
        })),
      },
    },
  },
  container: {
    env: Object.fromEntries(
      busUsers().map(({ name }) => [
        passwordVariable(name),
        { valueFrom: { secretKeyRef: { name: 'nats-passwords', key: name } } },
      ]),
    ),
    merge: {
      resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '2', memory: '1Gi' } },
    },
  },
})

/** The users of the bus with their permissions, as a part of a NATS server's configuration. @param passwords default: variables */
export function natsPermissions(
  passwords: (name: BusUserName) => string = (name) => `$${passwordVariable(name)}`,
): string {
  return `${HEAD}authorization {
  users: [
${busUsers()
  .map((user) => block(user, passwords(user.name)))
  .join('\n')}
  ]
}
`
}

export interface NatsPlace {
  readonly port: number
  /** Where the server says how it is; 0 = any. */
  readonly monitor: number
  /** For its streams. */
  readonly folder: string
}

/** A whole configuration for one server, as compose and tests start it. */
export const natsConfig = (
  passwords: (name: BusUserName) => string,
  { port = 4222, monitor = 8222, folder = '/data' }: Partial<NatsPlace> = {},
): string =>
  `port: ${port}
http_port: ${monitor}
jetstream { store_dir: ${JSON.stringify(folder)} }
${natsPermissions((name) => JSON.stringify(passwords(name)))}`
