import type { Catalog } from '@gatehouse/catalog'
import { ConfigError } from '@gatehouse/config'
import { DIRECTORY, type DirectoryOperation, type DirectoryPort } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type { JWK } from 'jose'
import { type AuthCallerOptions, createAuthCaller } from './auth-caller.ts'
import { ExchangeUnavailable, type KeyExchangeOptions } from './exchange.ts'

/** A tool waits for it, within its own deadline. */
const TIMEOUT_MS = 5_000

type Options = KeyExchangeOptions & { readonly log: Pick<Logger, 'warn'> }

/** The directory, where a catalog asks it: then this service needs a key of its own. @throws ConfigError */
export async function directoryOf(catalogs: readonly Catalog[], options: Options): Promise<DirectoryPort | undefined> {
  const asking = catalogs.filter((catalog) => catalog.asksDirectory === true).map(({ name }) => name)
  if (asking.length === 0) return undefined
  if (options.key === undefined)
    throw new ConfigError([`MCP_CLIENT_KEY: needed, since the catalog ${asking.join(', ')} asks auth about people`])
  try {
    return await createRemoteDirectory({ ...options, key: JSON.parse(options.key.reveal()) as JWK })
  } catch {
    // The cause may quote the key.
    throw new ConfigError(['MCP_CLIENT_KEY: not a private JWK for ES256'])
  }
}

/** Asks auth over its internal API. Nothing is asked twice: whether a change was made is not known when no answer comes. */
export async function createRemoteDirectory(
  options: AuthCallerOptions & { readonly log: Pick<Logger, 'warn'> },
): Promise<DirectoryPort> {
  const ask = await createAuthCaller(options)
  const call = (name: DirectoryOperation) => async (input: unknown) => {
    const { path, output } = DIRECTORY[name]
    try {
      const answer = await ask(path, input, TIMEOUT_MS)
      if (!answer.ok) throw new ExchangeUnavailable(`auth answered ${answer.status} to ${path}`)
      const parsed = output.safeParse(await answer.json())
      if (!parsed.success) throw new ExchangeUnavailable(`auth answered ${path} with something else`, parsed.error)
      return parsed.data as never
    } catch (error) {
      options.log.warn({ err: error, path }, 'the directory did not answer')
      throw error
    }
  }
  return {
    organisation: call('organisation'),
    member: call('member'),
    members: call('members'),
    changeRole: call('changeRole'),
  }
}
