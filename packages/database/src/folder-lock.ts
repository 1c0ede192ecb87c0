import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { FolderHeld } from './errors.ts'

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the lock was taken, ISO 8601. */
  readonly since: string
  /** Start of the process in clock ticks after boot, where the system tells; a pid alone may have been given out again. */
  readonly born: string | null
  readonly token: string
}

/**
 * Takes the folder for this process: `lock` in it says who has it. A lock whose process is gone is taken over.
 * The returned function gives it back. @throws FolderHeld
 */
export const holdFolder = (folder: string): Promise<() => Promise<void>> => hold(folder, join(folder, 'lock'))

async function hold(folder: string, path: string): Promise<() => Promise<void>> {
  const token = randomUUID()
  const born = await bornAt(process.pid)
  const me: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), born, token }
  // Linking a finished file is atomic, and nobody can see it half written.
  const draft = join(folder, `lock-${token}`)
  await writeFile(draft, JSON.stringify(me), { mode: 0o600 })
  try {
    while (!(await linked(draft, path)) && !(await tookOver(folder, draft, path))) {
      // Somebody gave it back or took it over in between: look again.
    }
  } finally {
    await rm(draft, { force: true })
  }
  return async () => {
    if ((await holderOf(path))?.token === token) await rm(path, { force: true })
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Replaces a dead process's lock. Of several that find it dead, one at a time may look again and replace: a guard file
 * named by the dead lock's token, held in the same way.
 * @throws FolderHeld when its process lives
 */
async function tookOver(folder: string, draft: string, path: string): Promise<boolean> {
  const holder = await holderOf(path)
  if (holder === undefined) return false
  if (await lives(holder)) throw new FolderHeld(folder, holder)
  const release = await hold(folder, join(folder, `lock-after-${holder.token}`))
  try {
    if ((await holderOf(path))?.token !== holder.token) return false
    await rename(draft, path)
    return true
  } finally {
    await release()
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A holder on another host (a shared volume) cannot be asked, so it counts as living. */
async function lives(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const born = await bornAt(holder.pid)
  return holder.born === null || born === null || born === holder.born
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); `null` where there is no such file. */
async function bornAt(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
