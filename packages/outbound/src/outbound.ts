import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import { cacheSeconds } from './cache-seconds.ts'
import { type Connect, connectDirectly } from './connect.ts'
import { exchange, FetchFault } from './exchange.ts'
import { limitedTo } from './limited-to.ts'
import { isLoopback, isPublic } from './ranges.ts'
import { readJson } from './read-json.ts'

/** Why nothing came. */
export type Fault =
  /** No https URL, or one with a user name or a fragment. */
  | 'url'
  /** Too much is being fetched already, in all or from this host. */
  | 'busy'
  /** The name has no address, or far too many. */
  | 'name'
  /** The name leads to an address that is not public; nothing was connected. */
  | 'address'
  /** No connection, or the other side has no certificate for the name. */
  | 'connect'
  | 'timeout'
  /** An answer that leads elsewhere. */
  | 'redirect'
  /** Another status than 200. */
  | 'status'
  | 'encoding'
  /** Not JSON by its media type. */
  | 'type'
  | 'too-large'
  /** The connection or the HTTP on it broke. */
  | 'broken'
  /** Not JSON, or JSON that two readers could read in two ways. */
  | 'malformed'

export type Fetched =
  | {
      readonly ok: true
      readonly value: unknown
      /** How long it says that it stays good, in seconds; see `cacheSeconds`. */
      readonly cacheSeconds: number | undefined
    }
  | { readonly ok: false; readonly fault: Fault; readonly status?: number | undefined; readonly cause?: unknown }

export interface Wanted {
  readonly maxBytes: number
}

export interface Outbound {
  /** Nothing is thrown. Requests for one URL that overlap share one fetch. */
  getJson(url: string, wanted: Wanted): Promise<Fetched>
}

export interface OutboundOptions {
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (name: string) => Promise<readonly string[]>
  readonly connect?: Connect
  /** For a laptop: `http` on loopback hosts, and loopback addresses, are reachable. Default: no. */
  readonly loopback?: boolean
  readonly limits?: Partial<typeof LIMITS>
}

const LIMITS = {
  /** From the lookup to the last byte. Milliseconds. */
  totalMs: 5_000,
  /** For one address. Milliseconds. */
  connectMs: 2_000,
  maxHeaderBytes: 8_192,
  maxUrlLength: 2_048,
  /** More addresses than this no honest host has. */
  maxAddresses: 32,
  /** Of them so many are tried. */
  triedAddresses: 3,
  /** At once. */
  inAll: 32,
  perHost: 4,
}

/** Fetches JSON from addresses that strangers name. */
export function createOutbound(options: OutboundOptions = {}): Outbound {
  const limits = { ...LIMITS, ...options.limits }
  const { resolve = systemLookup, connect = connectDirectly(), loopback = false } = options
  const flights = new Map<string, Promise<Fetched>>()
  const perHost = new Map<string, number>()

  const addressesOf = async (name: string, signal: AbortSignal): Promise<readonly string[]> => {
    const addresses = isIP(name) !== 0 ? [name] : await within(signal, resolve(name)).catch(fail(signal, 'name'))
    if (addresses.length === 0 || addresses.length > limits.maxAddresses) throw new FetchFault('name')
    // One bad address refuses all: which one is taken must not be up to the name's owner.
    const good = addresses.every((address) => isPublic(address) || (loopback && isLoopback(address)))
    if (!good) throw new FetchFault('address')
    return addresses.slice(0, limits.triedAddresses)
  }

  const reach = async (url: URL, signal: AbortSignal): Promise<Socket> => {
    const name = nameOf(url)
    const tls = url.protocol === 'https:'
    const port = Number(url.port || (tls ? 443 : 80))
    let fault: unknown
    for (const address of await addressesOf(name, signal)) {
      const target = { address, port, name: tls ? name : undefined }
      try {
        return await limitedTo(limits.connectMs, signal, (soon) => connect(target, soon))
      } catch (error) {
        if (signal.aborted) break
        fault = error
      }
    }
    throw new FetchFault(signal.aborted ? 'timeout' : 'connect', { cause: fault })
  }

  const fetchJson = async (url: URL, { maxBytes }: Wanted, signal: AbortSignal): Promise<Fetched> => {
    const socket = await reach(url, signal)
    const answer = await exchange(socket, url, { ...limits, maxBytes }, signal)
    const value = readJson(answer.body)
    if (value === undefined) throw new FetchFault('malformed')
    return { ok: true, value, cacheSeconds: cacheSeconds(answer.headers) }
  }

  /** Counts before anything is waited for, so that a burst cannot slip through. */
  const governed = async (url: URL, wanted: Wanted): Promise<Fetched> => {
    const host = url.hostname
    const here = perHost.get(host) ?? 0
    if (flights.size >= limits.inAll || here >= limits.perHost) return { ok: false, fault: 'busy' }
    perHost.set(host, here + 1)
    try {
      return await limitedTo(limits.totalMs, undefined, (signal) => fetchJson(url, wanted, signal))
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      const { fault, status, cause } = error
      return { ok: false, fault, status, cause }
    } finally {
      const left = (perHost.get(host) ?? 1) - 1
      if (left > 0) perHost.set(host, left)
      else perHost.delete(host)
    }
  }

  return {
    async getJson(text, wanted) {
      const url = text.length > limits.maxUrlLength ? undefined : judgeUrl(text, loopback)
      if (url === undefined) return { ok: false, fault: 'url' }
      const key = `${wanted.maxBytes} ${url.href}`
      const flight = flights.get(key) ?? governed(url, wanted).finally(() => flights.delete(key))
      flights.set(key, flight)
      return flight
    },
  }
}

function judgeUrl(text: string, loopback: boolean): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const allowed = url.protocol === 'https:' || (loopback && url.protocol === 'http:' && isLoopbackHost(url))
  return allowed && url.username === '' && url.password === '' && !text.includes('#') ? url : undefined
}

const isLoopbackHost = (url: URL): boolean => url.hostname === 'localhost' || isLoopback(nameOf(url))

/** The host as DNS and certificates know it: without the brackets of an IPv6 address. */
const nameOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

const systemLookup = async (name: string): Promise<readonly string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address)

const fail =
  (signal: AbortSignal, fault: Fault) =>
  (cause: unknown): never => {
    throw new FetchFault(signal.aborted ? 'timeout' : fault, { cause })
  }

/** What cannot be aborted is not waited for any longer. */
const within = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
