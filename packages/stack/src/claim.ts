import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ConfigError } from '@gatehouse/config'

/**
 * A folder belongs to the profile that filled it first: another one would start over tenants, keys and data that are none of its own, and look sound.
 * @param shown the folder as a person names it
 * @throws ConfigError when it is another one's
 */
export function claimFolder(folder: string, profile: string, shown: string): void {
  const file = join(folder, 'profile')
  try {
    writeFileSync(file, `${profile}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const owner = readFileSync(file, 'utf8').trim()
    if (owner === profile) return
    const own = `GATEHOUSE_FOLDER=${join(shown, profile)}`
    throw new ConfigError([
      `${shown} holds the data of the profile ${owner}; give ${profile} a folder of its own: ${own}`,
    ])
  }
}

/** Found out before anything is filled or opened. @throws ConfigError when somebody listens there */
export async function claimPort(host: string, port: number): Promise<void> {
  const probe = createServer()
  try {
    probe.listen({ host, port })
    await once(probe, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ConfigError([
      `port ${port} is in use: end what listens there, or set PORT to another; all addresses change with it`,
    ])
  }
  probe.close()
  await once(probe, 'close')
}
