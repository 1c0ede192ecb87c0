import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import type { Scope } from './scope.ts'

/** An empty folder that goes away with the test, or with the process if the test never ends. */
export function temporaryFolder(t: Scope): string {
  const { path, remove } = makeTemporaryFolder()
  t.teardown(remove)
  return path
}

/** @returns the folder, and the (repeatable) function that removes it; at the latest the end of the process does */
export function makeTemporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  // A server may run as another user below it.
  chmodSync(path, 0o711)
  const forget = atExit(() => removeFolder(path))
  const remove = () => {
    forget()
    removeFolder(path)
  }
  return { path, remove }
}

function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
}
