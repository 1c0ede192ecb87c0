import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Held by another process that lives. */
export class JournalHeld extends Error {
  constructor(folder: string, pid: number) {
    super(`the journal in ${folder} belongs to process ${pid}, which is running: give each process a folder of its own`)
    this.name = 'JournalHeld'
  }
}

/**
 * Takes the folder for this process. A process that was killed leaves its file; it is taken over when nobody runs under its id, or somebody
 * who began at another time does.
 * @throws JournalHeld
 */
export async function takeFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const file = join(folder, 'lock')
  for (;;) {
    try {
      const handle = await open(file, 'wx', 0o600)
      await writeOwner(handle)
      return { release: () => rm(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const held = await readFile(file, 'utf8').catch(() => undefined)
    if (held === undefined) continue
    const owner = await livingOwner(held)
    if (owner !== undefined) throw new JournalHeld(folder, owner)
    await takeAway(file, held)
  }
}

/** Removes what was read, and puts it back if somebody else has taken the folder since. */
async function takeAway(file: string, held: string): Promise<void> {
  const aside = `${file}.${process.pid}`
  try {
    await rename(file, aside)
    if ((await readFile(aside, 'utf8')) === held) await rm(aside)
    else await rename(aside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function livingOwner(held: string): Promise<number | undefined> {
  const [id = '', began = ''] = held.split(' ')
  const pid = Number(id)
  const other = Number.isInteger(pid) && pid > 0 && pid !== process.pid
  return other && isRunning(pid) && (await beganAt(pid)) === began ? pid : undefined
}

async function writeOwner(handle: FileHandle): Promise<void> {
  try {
    await handle.writeFile(`${process.pid} ${await beganAt(process.pid)}`)
  } finally {
    await handle.close()
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Ids are used again; the time of the start (proc(5), field 22) tells two processes apart. Where there is no such file: nothing. */
async function beganAt(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
