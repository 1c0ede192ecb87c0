import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'

/** What a first start makes up and a second start prints again. */
export interface Secrets {
  /** Encrypts keyrings at rest. */
  readonly master: string
  readonly adminToken: string
  readonly demoPassword: string
  readonly demoApiKey: string
  /** The key with which the MCP service proves itself to the authorization server. */
  readonly mcpClientJwk: JWK
}

/** Values from the environment, which win over what was generated. */
export interface GivenSecrets {
  readonly adminToken: string | undefined
  readonly demoPassword: string | undefined
  readonly demoApiKey: string | undefined
}

const token = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** Easy to type from a terminal into a page: four groups of four letters and digits, 80 bits. */
function readablePassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
  const letters = [...randomBytes(16)].map((byte) => alphabet[byte % alphabet.length])
  return [0, 4, 8, 12].map((start) => letters.slice(start, start + 4).join('')).join('-')
}

/**
 * The secrets of this folder; made on first use and kept in `secrets.json` with mode 0600.
 * @throws when the file is there but cannot be read or is not ours: a new secret would lock out what the old one sealed
 */
export async function openSecrets(folder: string, apiKeyPrefix: string, given: GivenSecrets): Promise<Secrets> {
  const file = join(folder, 'secrets.json')
  const kept = read(file)
  const secrets: Secrets = {
    master: kept?.master ?? token(32),
    adminToken: given.adminToken ?? kept?.adminToken ?? token(24),
    demoPassword: given.demoPassword ?? kept?.demoPassword ?? readablePassword(),
    demoApiKey: given.demoApiKey ?? kept?.demoApiKey ?? `${apiKeyPrefix}${token(24)}`,
    mcpClientJwk: kept?.mcpClientJwk ?? (await newClientKey()),
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (kept !== undefined && JSON.stringify(kept) === JSON.stringify(secrets)) return secrets
  const draft = `${file}.${token(6)}`
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  if (kept !== undefined) {
    renameSync(draft, file)
    return secrets
  }
  const first = isFirst(draft, file)
  rmSync(draft)
  return first ? secrets : openSecrets(folder, apiKeyPrefix, given)
}

/** Of two that start at once on an empty folder one must yield: what the loser sealed, nobody could open. */
function isFirst(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(file: string): Secrets | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const kept = parsed(text)
  // Without the cause: an error of `JSON.parse` repeats what it read.
  if (!isSecrets(kept)) throw new Error(`${file} does not hold the secrets that a first start made; restore it`)
  return kept
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSecrets(value: unknown): value is Secrets {
  if (typeof value !== 'object' || value === null) return false
  const { master, adminToken, demoPassword, demoApiKey, mcpClientJwk } = value as Partial<Record<string, unknown>>
  const texts = [master, adminToken, demoPassword, demoApiKey]
  return texts.every((text) => typeof text === 'string') && typeof mcpClientJwk === 'object' && mcpClientJwk !== null
}

async function newClientKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: token(8), alg: 'ES256', use: 'sig' }
}

/** The half of a key that may be told to others. */
export function publicHalf({ d: _d, ...jwk }: JWK): JWK {
  return jwk
}
