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
