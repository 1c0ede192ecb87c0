import { clientHost } from '../clients/client-host.ts'
import type { Client } from '../clients/clients.store.ts'
import { redirectKind } from '../clients/redirects.ts'

/** A rule of a tenant about the clients of a host and of those below it. */
export interface HostRule {
  readonly host: string
  readonly rule: 'allow' | 'deny'
}

/**
 * Whose a client is, as far as it is proven: the host of its metadata document; of any other the hosts where its answers go, a program on the
 * person's computer as `localhost`, an application by its scheme (`cursor:`). None for one that sends nobody anywhere.
 */
export function hostsOfClient(client: Pick<Client, 'id' | 'redirectUris'>): readonly string[] {
  const document = clientHost(client.id)
  if (document !== undefined) return [bare(new URL(client.id).hostname)]
  const hosts = client.redirectUris.map((uri) => {
    const { hostname, protocol } = new URL(uri)
    const kind = redirectKind(uri)
    return kind === 'loopback' ? 'localhost' : kind === 'private-use' ? protocol : bare(hostname)
  })
  return [...new Set(hosts)]
}

/** `evil.example.` is the same host as `evil.example`: the dot says that the name ends there (RFC 3986 section 3.2.2). */
const bare = (hostname: string): string => hostname.replace(/\.$/, '')

/** Whether a tenant lets these hosts in: none of them denied, and where it allows by name, all of them allowed. */
export function isLetIn(hosts: readonly string[], rules: readonly HostRule[]): boolean {
  const [denied, allowed] = (['deny', 'allow'] as const).map((rule) =>
    rules.filter((one) => one.rule === rule).map(({ host }) => host),
  )
  if (hosts.some((host) => covers(denied ?? [], host))) return false
  return (allowed ?? []).length === 0 || hosts.every((host) => covers(allowed ?? [], host))
}

const covers = (listed: readonly string[], host: string): boolean =>
  listed.some((one) => host === one || (!one.endsWith(':') && host.endsWith(`.${one}`)))

const SCHEME = /^[a-z][a-z0-9+.-]*:$/
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** A host or a scheme as somebody writes it, as rules keep it (`https://Claude.AI/` is `claude.ai`); nothing for what is neither. */
export function readHost(text: string): string | undefined {
  const written = text.trim().toLowerCase()
  if (SCHEME.test(written) && !['http:', 'https:'].includes(written)) return written
  if (written.endsWith(':')) return undefined
  const address = written.includes('://') ? written : `https://${written}`
  if (!URL.canParse(address)) return undefined
  const { hostname: given, username, protocol } = new URL(address)
  const hostname = bare(given)
  return HOST.test(hostname) && username === '' && /^https?:$/.test(protocol) ? hostname : undefined
}
