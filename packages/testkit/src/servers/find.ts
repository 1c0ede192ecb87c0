import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Oldest PostgreSQL that Gatehouse supports. */
export const POSTGRES_FLOOR = 15

const DEBIAN_POSTGRES = '/usr/lib/postgresql'
const SYSTEM_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin']
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const CHROMIUM_PLACES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** @returns the folder with `initdb` and `postgres`: Debian's newest from the floor up, else the PATH's */
export function findPostgres(): string | undefined {
  const debian = versionsOf(DEBIAN_POSTGRES).map((version) => join(DEBIAN_POSTGRES, version, 'bin'))
  return [...debian, ...searchPath()].find((folder) => ['initdb', 'postgres'].every((name) => runs(join(folder, name))))
}

/** @returns the path of `redis-server` or `valkey-server` */
export function findRedis(): string | undefined {
  return find(['redis-server', 'valkey-server'])
}

/** @returns the path of `nats-server` */
export function findNats(): string | undefined {
  return find(['nats-server'])
}

/** @returns the path of a Chromium, or of a Chrome */
export function findChromium(): string | undefined {
  return find(CHROMIUM_NAMES) ?? CHROMIUM_PLACES.find(runs)
}

/** @returns the first of the names that lies on the PATH or in a system folder (Debian keeps /usr/sbin off users' PATH) */
export function find(names: readonly string[]): string | undefined {
  return names.flatMap((name) => searchPath().map((folder) => join(folder, name))).find(runs)
}

function searchPath(): string[] {
  return [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...SYSTEM_FOLDERS]
}

function versionsOf(folder: string): string[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return names.filter((name) => Number(name) >= POSTGRES_FLOOR).sort((a, b) => Number(b) - Number(a))
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
