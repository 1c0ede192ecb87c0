import { isOwnHost } from './clear-links.ts'

type Part = 'DATABASE_URL' | 'REDIS_URL' | 'NATS_URL'
type Values = Readonly<Record<string, string>>

/** Shorter ones, or ones of few different characters, can be guessed or were typed as an example. */
const SECRET_LENGTH = 32
const DIFFERENT = 12
const SECRETS = ['GATEHOUSE_SECRET', 'GATEHOUSE_ADMIN_TOKEN'] as const

const allows = (values: Values, name: string): boolean =>
  ['1', 'true', 'yes', 'on'].includes((values[name] ?? '').toLowerCase())

/**
 * What a service refuses in production, as a judge of its values: embedded parts, pages and tokens in the clear, secrets that can be
 * guessed, a bus on which anybody may speak.
 */
export const unsafeInProduction =
  (parts: readonly Part[]) =>
  (values: Values): readonly string[] =>
    values.NODE_ENV === 'production'
      ? [...embedded(values, parts), ...inTheClear(values), ...guessable(values), ...openBus(values)]
      : []

function embedded(values: Values, parts: readonly Part[]): readonly string[] {
  if (allows(values, 'GATEHOUSE_ALLOW_EMBEDDED')) return []
  return parts
    .filter((part) => values[part] === undefined || values[part]?.startsWith('pglite:'))
    .map((part) => `${part}: production needs a real one, or GATEHOUSE_ALLOW_EMBEDDED=1`)
}

function inTheClear({ PUBLIC_URL: url = '' }: Values): readonly string[] {
  if (!URL.canParse(url)) return []
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || isOwnHost(hostname) ? [] : ['PUBLIC_URL: production needs https']
}

const guessable = (values: Values): readonly string[] =>
  SECRETS.filter((name) => {
    const value = values[name]
    return value !== undefined && (value.length < SECRET_LENGTH || new Set(value).size < DIFFERENT)
  }).map(
    (name) =>
      `${name}: production needs ${SECRET_LENGTH} random characters at least, as from \`openssl rand -base64 32\``,
  )

function openBus(values: Values): readonly string[] {
  const { NATS_URL: given } = values
  if (given === undefined || allows(values, 'GATEHOUSE_ALLOW_OPEN_BUS')) return []
  const open = given.split(',').some((one) => URL.canParse(one.trim()) && new URL(one.trim()).username === '')
  return open ? ['NATS_URL: production needs the user of this service in it, or GATEHOUSE_ALLOW_OPEN_BUS=1'] : []
}
