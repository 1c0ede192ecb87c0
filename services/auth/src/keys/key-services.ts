import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ExternalKeys } from '@gatehouse/keyring'
import { SIGNING_RINGS, type SigningRing } from './rings.ts'

/** A module that is to speak to a key service, and cannot. */
export class KeyServiceError extends Error {
  constructor(path: string, why: string) {
    super(`${path} cannot be used as a key service: ${why}`)
    this.name = 'KeyServiceError'
  }
}

/**
 * The operator's own modules, by ring: the default export of each is an `ExternalKeys`, or a function, which may take its time, that gives one.
 * @param from where relative paths begin
 * @throws KeyServiceError for a module that is missing, fails, or gives something else
 */
export async function loadKeyServices(
  modules: Readonly<Partial<Record<SigningRing, string>>>,
  from: string,
): Promise<Readonly<Partial<Record<SigningRing, ExternalKeys>>>> {
  const services: Partial<Record<SigningRing, ExternalKeys>> = {}
  for (const ring of SIGNING_RINGS) {
    const path = modules[ring]
    if (path !== undefined) services[ring] = await load(resolve(from, path))
  }
  return services
}

async function load(path: string): Promise<ExternalKeys> {
  const given = await made(path).catch((error: unknown) => {
    throw new KeyServiceError(path, error instanceof Error ? error.message : String(error))
  })
  if (!isExternalKeys(given)) throw new KeyServiceError(path, 'its default export gives no `list` and `sign`')
  return given
}

async function made(path: string): Promise<unknown> {
  const { default: given } = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
  return typeof given === 'function' ? await given() : given
}

const isExternalKeys = (value: unknown): value is ExternalKeys =>
  typeof value === 'object' &&
  value !== null &&
  ['list', 'sign'].every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
