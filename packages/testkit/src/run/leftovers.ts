import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** tsx keeps its compiled files in the temporary folder on purpose. */
const KEPT = /^(tsx-\d+|node-compile-cache)$/

export interface Leftover {
  readonly pid: number
  readonly command: string
}

/**
 * Processes that the run started and nobody ended: known by the run's id in their environment or, as some servers overwrite
 * that, by a working folder inside the run's temporary folder.
 */
export function leftoverProcesses(runId: string, folder: string): Leftover[] {
  return process.platform === 'linux' ? fromProc(runId, folder) : fromPs(runId)
}

/** @returns names in the run's temporary folder that should have been removed */
export function leftoverFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => !KEPT.test(name))
}

function fromProc(runId: string, folder: string): Leftover[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.flatMap((pid) => {
    try {
      const ours =
        readFileSync(`/proc/${pid}/environ`, 'latin1').includes(runId) ||
        readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      // One that is ending has neither arguments nor a folder any more.
      return ours && command !== '' ? [{ pid: Number(pid), command }] : []
    } catch (error) {
      // Ended meanwhile, or somebody else's.
      if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
      throw error
    }
  })
}

function fromPs(runId: string): Leftover[] {
  return execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(runId))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().slice(0, 200) }))
    .filter(({ pid }) => pid !== process.pid)
}
