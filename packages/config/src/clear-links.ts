/** `localhost` and what lies below it never leaves this machine (RFC 6761 section 6.3). */
const OWN_HOST = /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether a host, as `URL` writes it, is this machine under whatever name servers say. An empty one is a socket in a folder. */
export const isOwnHost = (hostname: string): boolean => hostname === '' || OWN_HOST.test(hostname.toLowerCase())

interface Link {
  readonly encrypted: (url: URL) => boolean
  /** What makes it encrypted. */
  readonly instead: string
}

/** Modes in which the driver refuses a server without TLS. */
const SSL_MODES = new Set<string | null>(['require', 'verify-ca', 'verify-full'])
const POSTGRES: Link = {
  encrypted: ({ searchParams }) => SSL_MODES.has(searchParams.get('sslmode')),
  instead: 'sslmode=verify-full',
}
const byScheme = (scheme: string): Link => ({
  encrypted: ({ protocol }) => protocol === `${scheme}:`,
  instead: `${scheme}://`,
})

/** Links on which passwords, tokens or keys travel. */
const LINKS: Readonly<Record<string, Link>> = {
  DATABASE_URL: POSTGRES,
  DATABASE_OWNER_URL: POSTGRES,
  REDIS_URL: byScheme('rediss'),
  NATS_URL: byScheme('tls'),
  AUTH_INTERNAL_URL: byScheme('https'),
}

/**
 * Links to other machines on which credentials go in the clear, each a sentence for the log of a start in production; none where
 * `GATEHOUSE_ALLOW_CLEAR_LINKS` says that they are meant.
 * @param config values by variable, as `loadConfig` gives them
 */
export function linksInTheClear(config: Readonly<Record<string, unknown>>): readonly string[] {
  if (config.NODE_ENV !== 'production' || config.GATEHOUSE_ALLOW_CLEAR_LINKS === true) return []
  return Object.entries(LINKS)
    .filter(([name, { encrypted }]) => urlsOf(config[name]).some((url) => !isOwnHost(url.hostname) && !encrypted(url)))
    .map(
      ([name, { instead }]) =>
        `${name} leads to another machine in the clear, credentials too: take ${instead}, or say GATEHOUSE_ALLOW_CLEAR_LINKS=1 where the network encrypts`,
    )
}

/** Of NATS there may be several. An embedded database is no URL with a host. */
const urlsOf = (value: unknown): readonly URL[] =>
  typeof value !== 'string' || value.startsWith('pglite:')
    ? []
    : value
        .split(',')
        .map((one) => one.trim())
        .filter((one) => URL.canParse(one))
        .map((one) => new URL(one))
