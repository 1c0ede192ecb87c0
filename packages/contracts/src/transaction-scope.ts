import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Marks the code that runs inside a database transaction. Ports ask it before they do what must not happen there:
 * a second transaction hangs on an embedded database, and a message that was published cannot be rolled back.
 */
const scope = new AsyncLocalStorage<string>()

export class InsideTransactionError extends Error {
  constructor(what: string, purpose: string) {
    super(`${what} inside the transaction "${purpose}": append to the outbox, or do it after the commit`)
    this.name = 'InsideTransactionError'
  }
}

let open = 0

/** Runs `body` as the inside of a transaction. */
export async function insideTransaction<T>(purpose: string, body: () => Promise<T>): Promise<T> {
  open += 1
  try {
    return await scope.run(purpose, body)
  } finally {
    open -= 1
    // On Node 20 a storage in use costs every promise of the process; with no transaction open there is nothing to mark.
    if (open === 0) scope.disable()
  }
}

/** @throws InsideTransactionError when called inside a transaction's callback */
export function refuseInsideTransaction(what: string): void {
  const purpose = scope.getStore()
  if (purpose !== undefined) throw new InsideTransactionError(what, purpose)
}
