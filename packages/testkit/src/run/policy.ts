import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export const POLICY_FILE = '/usr/sbin/policy-rc.d'

/** Debian asks this program before a package starts its service; 101 means: do not. */
const REFUSE_ALL = '#!/bin/sh\nexit 101\n'

/**
 * Does the work while packages may not start services. A policy that was there before is put back, at the latest by the next
 * call if this process is killed meanwhile.
 */
export async function withoutServiceStarts<T>(work: () => Promise<T>, file = POLICY_FILE): Promise<T> {
  const kept = `${file}.kept-by-gatehouse`
  const restore = () => {
    if (existsSync(kept)) renameSync(kept, file)
    else rmSync(file, { force: true })
  }
  // A file that an earlier run could not put back is the true one.
  if (existsSync(kept)) restore()
  if (existsSync(file)) renameSync(file, kept)
  try {
    writeFileSync(file, REFUSE_ALL, { mode: 0o755 })
    return await work()
  } finally {
    restore()
  }
}
