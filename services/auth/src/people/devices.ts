import { createHmac } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readCookie } from '../http/browser.ts'
import { newSecret, sameSecret } from '../secrets.ts'

/**
 * Browsers in which somebody signed in before, by a cookie of their own that outlives the session: their tries are counted apart, so
 * whoever guesses at an account from elsewhere cannot use up what its owner has (OWASP, "device cookies").
 */
export interface Devices {
  /** The device's id when this browser has signed in to this account before. */
  known(request: FastifyRequest, account: string): string | undefined
  /** After a sign-in. Accounts that signed in here before are kept, the newest five. */
  remember(request: FastifyRequest, reply: FastifyReply, account: string): void
}

const LIFE_DAYS = 180
const DAY_MS = 86_400_000
const ACCOUNTS = 5
/** `<random>.<day>-<mac>.<day>-<mac>…` */
const VALUE = /^[A-Za-z0-9_-]{43}(?:\.\d{1,6}-[A-Za-z0-9_-]{43}){1,5}$/

export function createDevices(options: {
  readonly publicUrl: string
  readonly key: Uint8Array
  readonly clock: Clock
}): Devices {
  const { key, clock } = options
  const secure = options.publicUrl.startsWith('https:')
  const name = secure ? '__Host-gatehouse-device' : 'gatehouse-device'
  const attributes = `Path=/; Max-Age=${LIFE_DAYS * 86_400}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  const today = () => Math.floor(clock.now() / DAY_MS)
  const macOf = (device: string, day: number, account: string) =>
    createHmac('sha256', key).update(`${device}.${day}.${account}`).digest('base64url')
  const read = (request: FastifyRequest) => {
    const [device, ...entries] = readCookie(request.headers.cookie, name, VALUE)?.split('.') ?? []
    return { device, entries }
  }
  const isFor = (device: string, account: string) => (entry: string) => {
    const day = Number(entry.split('-', 1)[0])
    return today() - day < LIFE_DAYS && sameSecret(entry.slice(String(day).length + 1), macOf(device, day, account))
  }
  return {
    known(request, account) {
      const { device, entries } = read(request)
      return device !== undefined && entries.some(isFor(device, account)) ? device : undefined
    },
    remember(request, reply, account) {
      const { device = newSecret(), entries } = read(request)
      const others = entries.filter((entry) => !isFor(device, account)(entry)).slice(0, ACCOUNTS - 1)
      const own = `${today()}-${macOf(device, today(), account)}`
      reply.header('set-cookie', `${name}=${[device, own, ...others].join('.')}; ${attributes}`)
    },
  }
}
